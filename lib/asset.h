/*
 * asset.h - where browsers find the files of nginx/assets
 *
 * The build gives each an address that holds the hash of its content
 * (cmake/assets_name.cmake), so that nobody has to ask for it twice.
 */
#ifndef LIB_ASSET_H
#define LIB_ASSET_H

struct buf;

/* {"site_css":"/assets/site-1a2b3c4d.css",...}, as member name of b. */
void asset_list(struct buf *b, const char *name);

#endif
