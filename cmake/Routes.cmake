# One program per line of cgi-bin/ROUTES, and everything that must agree with that list:
# the install rules, the nginx locations and upstreams, generated/routes.def for C,
# routes.list for deploy/run.
include(routes_read)

set(routes_file ${PROJECT_SOURCE_DIR}/cgi-bin/ROUTES)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
	${routes_file} ${PROJECT_SOURCE_DIR}/cmake/routes_read.cmake)
routes_read(${routes_file})

# Where nginx finds on a server what is made or installed here.
set(OPSFABRIC_SOCKET_DIR /run/opsfabric CACHE PATH "Directory of the routes' sockets on a server")
set(OPSFABRIC_NGINX_DIR ${CMAKE_INSTALL_FULL_DATADIR}/opsfabric/nginx)
set(OPSFABRIC_HTML_DIR ${OPSFABRIC_NGINX_DIR}/html)
set(OPSFABRIC_FILES_DIR ${OPSFABRIC_NGINX_DIR})
set(OPSFABRIC_CACHE_DIR /var/cache/opsfabric-pages)
# Timers of this host ask on the second one.
set(OPSFABRIC_LISTEN "80;\n\tlisten 127.0.0.1:8480")
set(OPSFABRIC_ACCESS_LOG /var/log/nginx/opsfabric.log)
set(OPSFABRIC_LIMIT_KEY "$opsfabric_client")

# What a line of ROUTES becomes in nginx, by who calls: the public is counted per address.
# A provider sends from few addresses and would lose calls; its requests are verified.
set(ROUTE_LIMIT_public "limit_req zone=opsfabric_public burst=20 nodelay;")
set(ROUTE_LIMIT_visitor "")
set(ROUTE_LIMIT_tenant "")
set(ROUTE_LIMIT_provider "")
set(ROUTE_LIMIT_cron "")
set(ROUTE_LIMIT_operator "")
set(ROUTE_LIMIT_anyone "")

# What one route needs of nginx and no other. A photo takes a telephone minutes to send, and seconds to
# convert; nginx keeps what it has of it in a file of its own until then.
set(ROUTE_NGINX_ticket_photo "client_max_body_size 11m;
	limit_conn opsfabric_uploads 6;
	limit_conn opsfabric_uploads_of_all 200;
	client_body_timeout 30s;
	fastcgi_send_timeout 30s;
	fastcgi_read_timeout 30s;")

# A program, a location, or a page of a route that is gone must not live on in the build.
file(GLOB stale ${PROJECT_BINARY_DIR}/nginx/routes.d/*.conf ${PROJECT_BINARY_DIR}/cgi-bin/*)
foreach(file IN LISTS stale)
	get_filename_component(name ${file} NAME_WE)
	if(NOT name IN_LIST ROUTES)
		file(REMOVE ${file})
	endif()
endforeach()

set(routes_def "/* routes.def - cgi-bin/ROUTES: ROUTE(name, methods, path, CALLER, ROLE) */\n")
set(routes_list "")
set(upstreams "# Where the programs listen: one socket for each route.\n")
foreach(ROUTE_NAME IN LISTS ROUTES)
	set(source ${PROJECT_SOURCE_DIR}/cgi-bin/${ROUTE_NAME}.c)
	if(NOT EXISTS ${source})
		message(FATAL_ERROR "${routes_file}: ${ROUTE_NAME} has no cgi-bin/${ROUTE_NAME}.c")
	endif()
	add_executable(${ROUTE_NAME} ${source})
	set_target_properties(${ROUTE_NAME} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/cgi-bin)
	target_link_libraries(${ROUTE_NAME} PRIVATE opsfabric project_flags)
	install(TARGETS ${ROUTE_NAME} RUNTIME
		DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT routes)

	set(methods "${ROUTE_${ROUTE_NAME}_METHODS}")
	set(path "${ROUTE_${ROUTE_NAME}_PATH}")
	string(TOUPPER ${ROUTE_${ROUTE_NAME}_CALLER} caller)
	string(TOUPPER ${ROUTE_${ROUTE_NAME}_ROLE} role)
	string(APPEND routes_def
		"ROUTE(${ROUTE_NAME}, \"${methods}\", \"${path}\", ${caller}, ${role})\n")
	string(APPEND routes_list "${ROUTE_NAME}\n")
	string(APPEND upstreams
		"upstream opsfabric_${ROUTE_NAME} { server unix:${OPSFABRIC_SOCKET_DIR}/${ROUTE_NAME}.sock; }\n")

	# A form, not a link in a message, is what somebody could flood.
	set(ROUTE_LIMIT "")
	if(methods MATCHES POST)
		set(ROUTE_LIMIT "${ROUTE_LIMIT_${ROUTE_${ROUTE_NAME}_CALLER}}")
	endif()
	set(ROUTE_NGINX "${ROUTE_NGINX_${ROUTE_NAME}}")
	set(template location.conf.in)
	set(ROUTE_MATCH "=")
	set(ROUTE_PATH "${path}")
	if(path MATCHES "^~")
		set(ROUTE_MATCH "~")
		string(SUBSTRING "${path}" 1 -1 ROUTE_PATH)
	endif()
	if(path STREQUAL "/*")
		# Whatever no other line names: nginx looks there last.
		set(ROUTE_MATCH "")
		set(ROUTE_PATH "/")
	endif()
	# Below /api/ the caller is a program; any other variable address stands in a message.
	if(path MATCHES "^~" AND NOT path MATCHES "^~\\^/api/")
		set(template location_link.conf.in)
	endif()
	if(caller STREQUAL VISITOR)
		set(template location_page.conf.in)
	elseif(caller STREQUAL OPERATOR)
		set(template location_operator.conf.in)
	endif()
	configure_file(${PROJECT_SOURCE_DIR}/nginx/${template}
		${PROJECT_BINARY_DIR}/nginx/routes.d/${ROUTE_NAME}.conf @ONLY)
endforeach()

# file(CONFIGURE) leaves a file alone that would not change: nothing is compiled again.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/routes.def CONTENT "${routes_def}" @ONLY)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/routes.list CONTENT "${routes_list}" @ONLY)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/nginx/upstreams.conf CONTENT "${upstreams}" @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/nginx/opsfabric.conf.in
	${PROJECT_BINARY_DIR}/nginx/opsfabric.conf @ONLY)

install(DIRECTORY ${PROJECT_BINARY_DIR}/nginx/routes.d ${PROJECT_BINARY_DIR}/nginx/assets
	${PROJECT_SOURCE_DIR}/nginx/html
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric/nginx COMPONENT nginx)
install(FILES ${PROJECT_BINARY_DIR}/nginx/opsfabric.conf ${PROJECT_BINARY_DIR}/nginx/upstreams.conf
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric/nginx COMPONENT nginx)
