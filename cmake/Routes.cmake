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
set(OPSFABRIC_ACCESS_LOG /var/log/nginx/opsfabric.log)
set(OPSFABRIC_ERROR_LOG /var/log/nginx/opsfabric-error.log)
set(OPSFABRIC_LIMIT_KEY "$opsfabric_client")
# What the sysadmin decides, the certificates, and what is asked for by who gives them.
set(OPSFABRIC_SITE_DIR ${OPSFABRIC_CONF_DIR}/nginx)
set(OPSFABRIC_TLS_DIR ${OPSFABRIC_CONF_DIR}/tls)
set(OPSFABRIC_ACME_DIR /var/lib/opsfabric-acme)

# What a line of ROUTES becomes in nginx, by who calls. The public is counted per address: its POSTs,
# for a form is what somebody could flood, more closely than its GETs. A provider sends from few
# addresses and would lose calls; its requests are verified, as are those of tenant and cron.
set(limited_post "limit_req zone=opsfabric_public burst=20 nodelay;")
set(limited_get "limit_req zone=opsfabric_visitors burst=60 nodelay;")
set(ROUTE_LIMIT_POST_public "${limited_post}")
set(ROUTE_LIMIT_GET_public "${limited_get}")
set(ROUTE_LIMIT_GET_visitor "${limited_get}")
set(ROUTE_LIMIT_GET_anyone "${limited_get}")

# Nobody guesses an alert's code, so its POSTs are answers, not a form to be flooded; its GETs are a page with
# photos, fetched by a preview before the person opens it, and by several people behind one address.
set(ROUTE_LIMIT_alert_link "${limited_get}")

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

	set(ROUTE_LIMIT "${ROUTE_LIMIT_GET_${ROUTE_${ROUTE_NAME}_CALLER}}")
	if(methods MATCHES POST)
		set(ROUTE_LIMIT "${ROUTE_LIMIT_POST_${ROUTE_${ROUTE_NAME}_CALLER}}")
	endif()
	if(DEFINED ROUTE_LIMIT_${ROUTE_NAME})
		set(ROUTE_LIMIT "${ROUTE_LIMIT_${ROUTE_NAME}}")
	endif()
	set(ROUTE_NGINX "${ROUTE_NGINX_${ROUTE_NAME}}")
	# No request has a body there. A cron route ignores what it is sent, and may be sent any.
	if(NOT methods MATCHES "POST|PUT|PATCH")
		set(ROUTE_NGINX "client_max_body_size 1k;")
	endif()
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
foreach(file opsfabric.conf servers.conf site.conf common.conf)
	configure_file(${PROJECT_SOURCE_DIR}/nginx/${file}.in ${PROJECT_BINARY_DIR}/nginx/${file} @ONLY)
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/nginx/site/hosts.conf.in ${PROJECT_BINARY_DIR}/nginx/site/hosts.conf @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/deploy/certificate.in ${PROJECT_BINARY_DIR}/nginx/site/certificate @ONLY)

install(DIRECTORY ${PROJECT_BINARY_DIR}/nginx/routes.d ${PROJECT_BINARY_DIR}/nginx/assets
	${PROJECT_SOURCE_DIR}/nginx/html
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric/nginx COMPONENT nginx)
install(FILES ${PROJECT_BINARY_DIR}/nginx/opsfabric.conf ${PROJECT_BINARY_DIR}/nginx/servers.conf
	${PROJECT_BINARY_DIR}/nginx/site.conf ${PROJECT_BINARY_DIR}/nginx/common.conf
	${PROJECT_SOURCE_DIR}/nginx/headers.conf ${PROJECT_BINARY_DIR}/nginx/upstreams.conf
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric/nginx COMPONENT nginx)
install(PROGRAMS ${PROJECT_BINARY_DIR}/nginx/site/certificate
	DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT nginx)
# The sysadmin's: an upgrade leaves them as they are.
install(FILES ${PROJECT_SOURCE_DIR}/nginx/site/operator.conf
	${PROJECT_SOURCE_DIR}/nginx/site/listen_http.conf ${PROJECT_SOURCE_DIR}/nginx/site/listen_https.conf
	${PROJECT_SOURCE_DIR}/nginx/site/listen_local.conf
	DESTINATION ${OPSFABRIC_SITE_DIR} COMPONENT nginx)
# What "opsfabric domain write" writes begins as this, which the package's postinst puts there: dpkg would ask whose
# version of it is to stay.
install(FILES ${PROJECT_BINARY_DIR}/nginx/site/hosts.conf
	DESTINATION ${CMAKE_INSTALL_DATADIR}/opsfabric COMPONENT nginx)
