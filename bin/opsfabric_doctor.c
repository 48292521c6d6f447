/* opsfabric_doctor - stub */
#include "opsfabric_command.h"
const struct command commands_doctor[] = { { 0 } };
