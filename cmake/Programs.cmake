# Programs that no URL reaches.
file(GLOB opsfabric_sources CONFIGURE_DEPENDS bin/opsfabric.c bin/opsfabric_*.c)
add_executable(dispatcher bin/dispatcher.c)
add_executable(replay bin/replay.c)
add_executable(command ${opsfabric_sources})
set_target_properties(command PROPERTIES OUTPUT_NAME opsfabric)
foreach(program dispatcher replay command)
	set_target_properties(${program} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
	target_link_libraries(${program} PRIVATE opsfabric project_flags)
endforeach()
# Strangers' pictures reach this program and no other of ours. It links nothing but libvips, and
# no sanitizer, under which there is no limit on memory: it is tested with the limits it has.
add_executable(photo_convert bin/photo_convert.c lib/image.c)
target_include_directories(photo_convert PRIVATE lib)
target_compile_options(photo_convert PRIVATE -fno-sanitize=all)
target_link_options(photo_convert PRIVATE -fno-sanitize=all)
set_target_properties(photo_convert PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
target_link_libraries(photo_convert PRIVATE project_flags PkgConfig::VIPS)
install(TARGETS photo_convert RUNTIME
	DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT programs)
target_compile_definitions(command PRIVATE OPSFABRIC_CONF_DIR="${OPSFABRIC_CONF_DIR}"
	OPSFABRIC_HOSTS_FILE="${OPSFABRIC_SITE_DIR}/hosts.conf" OPSFABRIC_TLS_DIR="${OPSFABRIC_TLS_DIR}")
install(TARGETS dispatcher replay RUNTIME
	DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT programs)
install(TARGETS command RUNTIME COMPONENT programs)
# Where the command looks for it.
configure_file(deploy/backup ${PROJECT_BINARY_DIR}/bin/backup COPYONLY)
install(PROGRAMS deploy/backup DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT programs)

# For the sysadmin. The migrations are inside the command; what a superuser has to run is not.
install(FILES schema/roles.sql
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric/schema COMPONENT schema)
install(DIRECTORY docs/
	DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc
	FILES_MATCHING PATTERN *.md PATTERN openapi.yaml PATTERN man EXCLUDE)
# What the documents point to under deploy/, to start from. There the links lead to where it lies here.
install(DIRECTORY deploy/prometheus deploy/grafana
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT doc)
# Texts to read here: what runs in a checkout does not run there.
install(FILES deploy/cluster/README.md deploy/cluster/patroni.yml.in deploy/cluster/pgbouncer.ini deploy/cluster/run
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/cluster COMPONENT doc)
install(FILES deploy/opsfabric.env.example DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT doc)
install(FILES deploy/systemd/sandbox.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/systemd COMPONENT doc)
set(script ${PROJECT_SOURCE_DIR}/cmake/links.cmake)
install(CODE "set(documents \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR})\ninclude(${script})" COMPONENT doc)
