# What browsers get, under names that hold the hash of the content: nginx finds it in the build, on a
# server where it is installed (Routes.cmake), C in generated/assets.def.
file(GLOB nginx_assets CONFIGURE_DEPENDS nginx/assets/*)
add_custom_command(
	OUTPUT ${generated}/assets.def
	COMMAND ${CMAKE_COMMAND} -D OUT=${PROJECT_BINARY_DIR}/nginx/assets
		-D ASSETS_DIR=${PROJECT_SOURCE_DIR}/nginx/assets -D DEF=${generated}/assets.def
		-P ${PROJECT_SOURCE_DIR}/cmake/assets_name.cmake
	DEPENDS ${nginx_assets} ${PROJECT_SOURCE_DIR}/cmake/assets_name.cmake
	COMMENT "Naming nginx/assets" VERBATIM)
target_sources(opsfabric PRIVATE ${generated}/assets.def)
