/*
 * photo_convert - a stranger's picture, made into two of our own
 *
 * Reads a picture on descriptor 0, writes a JPEG of at most 2048 pixels a side
 * to descriptor 3 and a thumbnail of at most 320 to descriptor 4, and
 * "<width> <height>" of the first to descriptor 1. Both are coded anew from the
 * pixels: no metadata, no position, no second file behind the picture gets
 * through. They stand as the camera was held, in sRGB.
 *
 * What strangers' bytes reach is this program, with nothing in its hands: no
 * environment, no name of a file, no database, and limits on memory, time and
 * what it writes. (libvips is known to this program only.)
 *
 * Ends with one of enum photo_verdict (photo_verdict.h).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vips/vips.h>

#include "image.h"
#include "photo_verdict.h"

#define PHOTO_FD 3
#define THUMB_FD 4

#define PHOTO_SIDE 2048
#define THUMB_SIDE 320
#define PHOTO_QUALITY 82
#define THUMB_QUALITY 75
#define LOADER_OPTIONS "[fail_on=truncated]"

/*
 * The costliest pictures of 50 megapixels take 700 MB of address space
 * (progressive JPEG, HEIC), 150 of which are libraries.
 */
#define MEMORY_MAX ((rlim_t)1024 * 1024 * 1024)
#define CPU_SECONDS_MAX 12
#define WRITTEN_MAX ((rlim_t)8 * 1024 * 1024)
#define FILES_MAX 32
#define BEHIND_OTHERS 10 /* of 19 */

static _Noreturn void
end(enum photo_verdict verdict)
{
	/* Its memory goes with it: nothing is taken apart. */
	_exit((int)verdict);
}

/*
 * The reason, in one line of the route's log. Standard error leads nowhere:
 * what libraries say of a stranger's bytes, as often as those want it, would
 * fill the disk.
 */
static int log_fd = STDERR_FILENO;

static _Noreturn void
refuse(enum photo_verdict verdict)
{
	const char *reason = vips_error_buffer();
	size_t len = strcspn(reason, "\n");

	if (len > 0)
		(void)dprintf(log_fd, "photo_convert: %.*s\n",
		    len > 200 ? 200 : (int)len, reason);
	end(verdict);
}

static void
silence(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	log_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (log_fd < 0 || nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		end(PHOTO_VERDICT_BROKEN);
}

static void
limit(int which, rlim_t most)
{
	struct rlimit r = { .rlim_cur = most, .rlim_max = most };

	if (setrlimit((__rlimit_resource_t)which, &r) != 0) {
		perror("photo_convert: setrlimit");
		end(PHOTO_VERDICT_BROKEN);
	}
}

static void
limits_set(void)
{
	/* Whoever waits for it is gone: so is the visitor. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* A ticket goes before a picture. */
	(void)setpriority(PRIO_PROCESS, 0, BEHIND_OTHERS);
	limit(RLIMIT_CPU, CPU_SECONDS_MAX);
	limit(RLIMIT_FSIZE, WRITTEN_MAX);
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_AS, MEMORY_MAX);
}

/* Of the loaders only these four; of libvips's parts none that it does not
 * trust itself. */
static void
vips_open(const char *name)
{
	static const char *const allowed[] = {
		"VipsForeignLoadJpeg",
		"VipsForeignLoadPng",
		"VipsForeignLoadWebp",
		"VipsForeignLoadHeif",
	};

	if (VIPS_INIT(name) != 0)
		refuse(PHOTO_VERDICT_BROKEN);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		vips_operation_block_set(allowed[i], FALSE);
	vips_block_untrusted_set(TRUE);
	/* Of parts that are not installed. */
	vips_error_clear();
}

/* The header says how many pixels there are: before any is decoded. */
static void
pixels_check(void *bytes, size_t len)
{
	VipsImage *image = vips_image_new_from_buffer(
	    bytes, len, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);

	if (image == NULL)
		refuse(PHOTO_VERDICT_NO_PICTURE);
	if ((long)vips_image_get_width(image) * vips_image_get_height(image) >
	    PHOTO_PIXELS_MAX)
		end(PHOTO_VERDICT_TOO_MANY_PIXELS);
	g_object_unref(image);
}

/*
 * Colours as on a screen. Those of pictures that say nothing are that already;
 * a profile that cannot be read counts as nothing said, but for inks.
 */
static VipsImage *
in_srgb(VipsImage *image)
{
	bool inks =
	    vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK;
	VipsImage *out = NULL;

	if ((inks || vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0) &&
	    vips_icc_transform(image, &out, "srgb", "embedded", TRUE, "intent",
		VIPS_INTENT_RELATIVE, NULL) == 0)
		return out;
	if (inks)
		refuse(PHOTO_VERDICT_NO_PICTURE);
	vips_error_clear();
	if (vips_colourspace(image, &out, VIPS_INTERPRETATION_sRGB, NULL) != 0)
		refuse(PHOTO_VERDICT_NO_PICTURE);
	return out;
}

/* Made smaller and turned as the camera was held. */
static VipsImage *
shrunk(void *bytes, size_t len)
{
	VipsImage *image = NULL;
	VipsImage *pixels;

	/* Its own fail_on does not reach each loader (libvips 8.14). */
	if (vips_thumbnail_buffer(bytes, len, &image, PHOTO_SIDE, "height",
		PHOTO_SIDE, "size", VIPS_SIZE_DOWN, "option_string",
		LOADER_OPTIONS, NULL) != 0)
		refuse(PHOTO_VERDICT_NO_PICTURE);
	/* Now they are decoded. Where that ends early libvips leaves the rest
	 * black and returns 0, but has said why. */
	pixels = vips_image_copy_memory(in_srgb(image));
	if (pixels == NULL || *vips_error_buffer() != '\0')
		refuse(PHOTO_VERDICT_NO_PICTURE);
	return pixels;
}

static void
jpeg_write(VipsImage *image, int fd, int quality)
{
	VipsTarget *target = vips_target_new_to_descriptor(fd);
	VipsArrayDouble *white = vips_array_double_newv(1, 255.0);

	/* What is transparent becomes white, as on the page it was seen on. */
	if (target == NULL ||
	    vips_jpegsave_target(image, target, "Q", quality, "strip", TRUE,
		"optimize_coding", TRUE, "background", white, NULL) != 0)
		refuse(PHOTO_VERDICT_NO_PICTURE);
	g_object_unref(target);
	vips_area_unref(VIPS_AREA(white));
}

static void
convert(void *bytes, size_t len)
{
	VipsImage *pixels = shrunk(bytes, len);
	VipsImage *thumb = NULL;

	jpeg_write(pixels, PHOTO_FD, PHOTO_QUALITY);
	if (vips_thumbnail_image(pixels, &thumb, THUMB_SIDE, "height",
		THUMB_SIDE, "size", VIPS_SIZE_DOWN, NULL) != 0)
		refuse(PHOTO_VERDICT_BROKEN);
	jpeg_write(thumb, THUMB_FD, THUMB_QUALITY);
	if (printf("%d %d\n", vips_image_get_width(pixels),
		vips_image_get_height(pixels)) < 0 ||
	    fflush(stdout) != 0)
		end(PHOTO_VERDICT_BROKEN);
}

int
main(int argc, char *argv[])
{
	struct stat st;
	void *bytes;

	(void)argc;
	limits_set();
	silence();
	if (fstat(STDIN_FILENO, &st) != 0 || st.st_size <= 0)
		end(PHOTO_VERDICT_NO_PICTURE);
	bytes = mmap(
	    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	if (bytes == MAP_FAILED)
		end(PHOTO_VERDICT_BROKEN);
	if (image_kind_of(bytes, (size_t)st.st_size) == IMAGE_NONE)
		end(PHOTO_VERDICT_NO_PICTURE);
	vips_open(argv[0]);
	pixels_check(bytes, (size_t)st.st_size);
	convert(bytes, (size_t)st.st_size);
	end(PHOTO_VERDICT_GOOD);
}
