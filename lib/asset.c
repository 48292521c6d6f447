/*
 * asset - where browsers find the files of nginx/assets
 */
#include "asset.h"

#include <stddef.h>

#include "json_write.h"

static const struct {
	const char *name;
	const char *address;
} assets[] = {
#define ASSET(name, address) { name, address },
#include "assets.def"
#undef ASSET
};

void
asset_list(struct buf *b, const char *name)
{
	json_obj_open(b, name);
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		json_str(b, assets[i].name, assets[i].address);
	json_obj_close(b);
}
