# cmake -D OUT=dir -D SCHEMA_DIR=dir -P migrations.cmake
#
# Puts schema/NNNN_name.sql into the programs: migrations.inc holds the texts for `opsfabric
# migrate`, schema_version.h the number that every program asks the database for.
file(GLOB files ${SCHEMA_DIR}/[0-9]*.sql)
list(SORT files)
set(version 0)
set(texts "")
set(table "")
foreach(file IN LISTS files)
	get_filename_component(name ${file} NAME_WE)
	if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
		message(FATAL_ERROR "${file}: must be called NNNN_name.sql")
	endif()
	math(EXPR version "${version} + 1")
	math(EXPR number "1${CMAKE_MATCH_1} - 10000")
	if(NOT number EQUAL version)
		message(FATAL_ERROR "${file}: ${version} is the next number")
	endif()
	file(READ ${file} hex HEX)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	string(APPEND texts "static const unsigned char migration_${version}[] = { ${bytes} 0 };\n")
	string(APPEND table "\t{ ${version}, \"${name}\", migration_${version} },\n")
endforeach()
file(WRITE ${OUT}/migrations.inc
	"${texts}static const struct migration migrations[] = {\n${table}};\n")
file(WRITE ${OUT}/schema_version.h "#define SCHEMA_VERSION ${version}\n")
