# Programs that no URL reaches.
file(GLOB opsfabric_sources CONFIGURE_DEPENDS bin/opsfabric.c bin/opsfabric_*.c)
add_executable(dispatcher bin/dispatcher.c)
add_executable(command ${opsfabric_sources})
set_target_properties(command PROPERTIES OUTPUT_NAME opsfabric)
foreach(program dispatcher command)
	set_target_properties(${program} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
	target_link_libraries(${program} PRIVATE opsfabric project_flags)
endforeach()
target_compile_definitions(command PRIVATE OPSFABRIC_VERSION="${PROJECT_VERSION}")
install(TARGETS dispatcher RUNTIME
	DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT programs)
install(TARGETS command RUNTIME COMPONENT programs)
