# libopsfabric.a: one .c (or .cc, where the library behind it is C++) and one .h per
# concept. The listing of lib/ is the list of modules.
file(GLOB lib_sources CONFIGURE_DEPENDS lib/*.c lib/*.cc)
file(GLOB lib_headers CONFIGURE_DEPENDS lib/*.h)
file(GLOB lib_sql CONFIGURE_DEPENDS lib/sql/*.sql)
file(GLOB schema_migrations CONFIGURE_DEPENDS schema/[0-9]*.sql)
file(GLOB page_templates CONFIGURE_DEPENDS nginx/pages/*.mustache)

file(GLOB presets CONFIGURE_DEPENDS schema/presets/*)

set(generated ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated})

# Each statement's header comment names its parameters: from it come a struct to bind
# them by name, the enum and the text (lib/stmt.h).
add_custom_command(
	OUTPUT ${generated}/stmt.def ${generated}/stmt_params.h ${generated}/stmt_text.inc
	COMMAND ${CMAKE_COMMAND} -D OUT=${generated} -D SQL_DIR=${PROJECT_SOURCE_DIR}/lib/sql
		-P ${PROJECT_SOURCE_DIR}/cmake/statements.cmake
	DEPENDS ${lib_sql} ${PROJECT_SOURCE_DIR}/cmake/statements.cmake
	COMMENT "Reading lib/sql" VERBATIM)
add_custom_command(
	OUTPUT ${generated}/migrations.inc ${generated}/schema_version.h
	COMMAND ${CMAKE_COMMAND} -D OUT=${generated} -D SCHEMA_DIR=${PROJECT_SOURCE_DIR}/schema
		-P ${PROJECT_SOURCE_DIR}/cmake/migrations.cmake
	DEPENDS ${schema_migrations} ${PROJECT_SOURCE_DIR}/cmake/migrations.cmake
	COMMENT "Reading schema" VERBATIM)
add_custom_command(
	OUTPUT ${generated}/pages.inc
	COMMAND ${CMAKE_COMMAND} -D OUT=${generated} -D PAGES_DIR=${PROJECT_SOURCE_DIR}/nginx/pages
		-P ${PROJECT_SOURCE_DIR}/cmake/pages.cmake
	DEPENDS ${page_templates} ${PROJECT_SOURCE_DIR}/cmake/pages.cmake
	COMMENT "Reading nginx/pages" VERBATIM)

add_custom_command(
	OUTPUT ${generated}/presets.inc
	COMMAND ${CMAKE_COMMAND} -D OUT=${generated} -D PRESETS_DIR=${PROJECT_SOURCE_DIR}/schema/presets
		-P ${PROJECT_SOURCE_DIR}/cmake/presets.cmake
	DEPENDS ${presets} ${PROJECT_SOURCE_DIR}/cmake/presets.cmake
	COMMENT "Reading schema/presets" VERBATIM)

add_library(opsfabric STATIC ${lib_sources}
	${generated}/stmt.def ${generated}/stmt_params.h ${generated}/stmt_text.inc
	${generated}/migrations.inc ${generated}/schema_version.h ${generated}/pages.inc
	${generated}/presets.inc)
target_sources(opsfabric PUBLIC FILE_SET HEADERS
	BASE_DIRS lib FILES ${lib_headers})
set_target_properties(opsfabric PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
target_include_directories(opsfabric PUBLIC lib ${generated})
target_include_directories(opsfabric SYSTEM PRIVATE
	${PHONENUMBER_INCLUDE_DIR})
target_link_libraries(opsfabric
	PRIVATE project_flags
	PUBLIC PkgConfig::FCGI PkgConfig::PQ PkgConfig::CJSON PkgConfig::CURL
		PkgConfig::URIPARSER PkgConfig::CRYPTO PkgConfig::SODIUM
		PkgConfig::XML
		PkgConfig::ABSL_TIME
		${PHONENUMBER_LIBRARY} m)
