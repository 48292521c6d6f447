# cmake -D OUT=dir -D PAGES_DIR=dir -P pages.cmake
#
# Puts the page templates of nginx/pages into the programs: pages.inc holds a text for each,
# and the table of them by name, in the order of strcmp(), that lib/page.c looks them up in.
file(GLOB files ${PAGES_DIR}/*.mustache)
set(texts "")
set(names "")
foreach(file IN LISTS files)
	get_filename_component(name ${file} NAME_WE)
	if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
		message(FATAL_ERROR "${file}: must be called name.mustache, in small letters")
	endif()
	file(READ ${file} hex HEX)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	string(APPEND texts "static const unsigned char page_${name}[] = { ${bytes} 0 };\n")
	list(APPEND names ${name})
endforeach()
list(SORT names)
set(table "")
foreach(name IN LISTS names)
	string(APPEND table "\t{ \"${name}\", page_${name} },\n")
endforeach()
file(WRITE ${OUT}/pages.inc
	"${texts}static const struct page pages[] = {\n${table}};\n")
