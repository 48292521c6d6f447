# One Debian package of all that is installed: deploy/package builds it, or cpack in a build of the preset release.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME opsfabric)
set(CPACK_PACKAGE_VENDOR "OpsFabric")
set(CPACK_PACKAGE_CONTACT "The developers of OpsFabric <opsfabric@example.ch>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# nginx is before the programs, curl asks for what is due, the zones are those of the firms.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
	"nginx, curl, openssl, ca-certificates, tzdata, systemd (>= 252)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql (>= 15)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "certbot, bash-completion")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "missed calls of trades firms become tickets and kept promises")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "OpsFabric turns a missed call into an SMS, the answer into a ticket, the ticket
into a promise that is kept, and the finished job into a review. One server
serves many firms: nginx in front, one FastCGI program for each route, and one
PostgreSQL with row level security.
.
The package brings systemd units for all of it, creates its database on a
local PostgreSQL when it is installed, and asks nothing.")

# Files that Debian wants compressed, always with the same bytes.
find_program(GZIP gzip REQUIRED)
function(install_compressed source name destination)
	set(out ${PROJECT_BINARY_DIR}/package/${name}.gz)
	add_custom_command(OUTPUT ${out} COMMAND ${GZIP} -9nc ${source} > ${out}
		DEPENDS ${source} VERBATIM)
	set(compressed ${compressed} ${out} PARENT_SCOPE)
	install(FILES ${out} DESTINATION ${destination} COMPONENT doc)
endfunction()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/package)

set(CPACK_DEBIAN_PACKAGE_VERSION ${OPSFABRIC_VERSION})
set(CPACK_PACKAGE_VERSION ${OPSFABRIC_VERSION})
string(TIMESTAMP PACKAGE_DATE "%a, %d %b %Y 00:00:00 +0000" UTC)
configure_file(deploy/debian/changelog ${PROJECT_BINARY_DIR}/package/changelog @ONLY)
install_compressed(${PROJECT_BINARY_DIR}/package/changelog changelog ${CMAKE_INSTALL_DOCDIR})
install_compressed(${PROJECT_SOURCE_DIR}/NEWS.md NEWS.md ${CMAKE_INSTALL_DOCDIR})
foreach(page opsfabric.1 opsfabric-setup.8 opsfabric-units.7)
	string(REGEX MATCH "[0-9]$" section ${page})
	install_compressed(${PROJECT_SOURCE_DIR}/docs/man/${page} ${page} ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
add_custom_target(package_files ALL DEPENDS ${compressed})

configure_file(deploy/setup ${PROJECT_BINARY_DIR}/package/opsfabric-setup @ONLY)
configure_file(deploy/debian/site.in ${PROJECT_BINARY_DIR}/package/site @ONLY)
install(PROGRAMS ${PROJECT_BINARY_DIR}/package/opsfabric-setup DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT programs)
install(FILES ${PROJECT_BINARY_DIR}/package/site
	DESTINATION /etc/nginx/sites-available RENAME opsfabric COMPONENT nginx)
install(FILES deploy/opsfabric.env.example
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric RENAME opsfabric.conf COMPONENT doc)
install(FILES deploy/opsfabric.bash-completion
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME opsfabric COMPONENT doc)
install(FILES deploy/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc)

foreach(file postinst prerm postrm conffiles triggers)
	list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/${file})
endforeach()
include(CPack)
