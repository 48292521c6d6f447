/*
 * phone_lines - lib/phone.h as a filter, for comparing it with another library
 *
 * Reads "region<TAB>text", writes "E.164<TAB>kind", or "-" for no number.
 */
#include <stdio.h>
#include <string.h>

#include "phone.h"
#include "problem.h"

int
main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *text = strchr(line, '\t');
		struct phone phone;
		struct problem why;

		line[strcspn(line, "\n")] = '\0';
		if (text == NULL) {
			fprintf(stderr, "no tab: %s\n", line);
			return 1;
		}
		*text++ = '\0';
		if (phone_parse(&phone, text, line, NULL, &why) == 0)
			printf("%s\t%s\n", phone.e164,
			    phone_kind_name(phone.kind));
		else
			puts("-");
	}
	return ferror(stdin) != 0;
}
