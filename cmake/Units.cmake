# systemd's units of a server: a socket, a template and a target for each line of cgi-bin/ROUTES, a timer for each
# cron route, and what they hang on. Made from deploy/systemd, in the build's systemd/.
set(OPSFABRIC_LIBEXEC ${CMAKE_INSTALL_FULL_LIBEXECDIR}/opsfabric)
set(OPSFABRIC_SERVER_STATE /var/lib/opsfabric)
set(units_dir ${PROJECT_BINARY_DIR}/systemd)

# How many workers a route has. A request that finds none free waits in the socket's queue; a timer's route
# is asked by one timer, the operator's by one Prometheus.
set(ROUTE_WORKERS 2)
set(ROUTE_WORKERS_cron 1)
set(ROUTE_WORKERS_operator 1)

# What one route needs of its sandbox and no other. Photos are written, by a child (photo_convert) that may use 1 GB
# and puts itself behind other programs.
set(ROUTE_SANDBOX_ticket_photo "ReadWritePaths=${OPSFABRIC_SERVER_STATE}/photos\nSystemCallFilter=setpriority")
set(ROUTE_SANDBOX_retention "ReadWritePaths=${OPSFABRIC_SERVER_STATE}/photos")
# What is reported while the database is away.
foreach(route missed_call sms_reply sms_status)
	set(ROUTE_SANDBOX_${route} "ReadWritePaths=${OPSFABRIC_SERVER_STATE}/spool")
endforeach()
set(ROUTE_LIMITS "MemoryMax=256M\nTasksMax=16\nSystemCallFilter=~@resources")
set(ROUTE_LIMITS_ticket_photo "MemoryMax=1280M\nTasksMax=32")

# Which settings a program is not given: a handler for one firm has no use for what opens all of them.
set(ROUTE_UNSET_web "DATABASE_SERVICE_URL DATABASE_OWNER_URL CRON_SECRET")
set(ROUTE_UNSET_service "DATABASE_URL DATABASE_OWNER_URL")

set(UNIT_ADDRESSES "# But for what opsfabric.slice allows: the database.\nIPAddressDeny=any")
file(READ ${PROJECT_SOURCE_DIR}/deploy/systemd/sandbox.conf UNIT_SANDBOX)
string(STRIP "${UNIT_SANDBOX}" UNIT_SANDBOX)
set(sandbox "${UNIT_SANDBOX}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
	${PROJECT_SOURCE_DIR}/deploy/systemd/sandbox.conf ${PROJECT_SOURCE_DIR}/lib/heartbeat.def)

# TIMER_<route>: when it is due, from lib/heartbeat.def.
file(STRINGS ${PROJECT_SOURCE_DIR}/lib/heartbeat.def heartbeats REGEX "^HEARTBEAT\\(")
foreach(line IN LISTS heartbeats)
	if(NOT line MATCHES "^HEARTBEAT\\(\"([a-z-]+)\", \"([^\"]*)\", [0-9]+, [A-Z]+\\)$")
		message(FATAL_ERROR "lib/heartbeat.def: not HEARTBEAT(job, when, most, KIND): ${line}")
	endif()
	set(TIMER_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
endforeach()

function(unit_environment unset)
	set(UNIT_ENVIRONMENT "Environment=OPSFABRIC_STATE=${OPSFABRIC_SERVER_STATE}
EnvironmentFile=${OPSFABRIC_CONF}
UnsetEnvironment=${unset}" PARENT_SCOPE)
endfunction()

function(unit_make template name)
	configure_file(${PROJECT_SOURCE_DIR}/deploy/systemd/${template}.in ${units_dir}/${name} @ONLY)
	set(units ${units} ${name} PARENT_SCOPE)
endfunction()

# What asks a cron route.
macro(timer_make)
	string(REPLACE "opsfabric-" "" job ${UNIT})
	if(NOT DEFINED TIMER_${job})
		message(FATAL_ERROR "lib/heartbeat.def does not say when ${ROUTE_NAME} is due")
	endif()
	set(TIMER_WHEN "${TIMER_${job}}")
	# What is due once a day is made up for after a night without power.
	set(TIMER_PERSISTENT no)
	if(TIMER_WHEN MATCHES "^\\*-\\*-\\*")
		set(TIMER_PERSISTENT yes)
	endif()
	set(ROUTE_PATH "${ROUTE_${ROUTE_NAME}_PATH}")
	unit_make(cron.timer ${UNIT}.timer)
	unit_make(cron.service ${UNIT}.service)
	string(APPEND OPSFABRIC_WANTS "Wants=${UNIT}.timer\n")
endmacro()

file(REMOVE_RECURSE ${units_dir})
set(units "")
set(OPSFABRIC_WANTS "Wants=opsfabric-dispatcher.service opsfabric-replay.service\n")
foreach(ROUTE_NAME IN LISTS ROUTES)
	string(REPLACE "_" "-" UNIT "opsfabric-${ROUTE_NAME}")
	unit_environment("${ROUTE_UNSET_${ROUTE_${ROUTE_NAME}_ROLE}}")
	set(UNIT_SANDBOX "${sandbox}")
	if(DEFINED ROUTE_SANDBOX_${ROUTE_NAME})
		string(APPEND UNIT_SANDBOX "\n${ROUTE_SANDBOX_${ROUTE_NAME}}")
	endif()
	set(UNIT_LIMITS "${ROUTE_LIMITS}")
	if(DEFINED ROUTE_LIMITS_${ROUTE_NAME})
		set(UNIT_LIMITS "${ROUTE_LIMITS_${ROUTE_NAME}}")
	endif()
	set(workers ${ROUTE_WORKERS})
	if(DEFINED ROUTE_WORKERS_${ROUTE_${ROUTE_NAME}_CALLER})
		set(workers ${ROUTE_WORKERS_${ROUTE_${ROUTE_NAME}_CALLER}})
	endif()
	set(UNIT_WORKERS "")
	foreach(i RANGE 1 ${workers})
		list(APPEND UNIT_WORKERS "${UNIT}@${i}.service")
	endforeach()
	string(REPLACE ";" " " UNIT_WORKERS "${UNIT_WORKERS}")
	unit_make(route.socket ${UNIT}.socket)
	unit_make(route@.service ${UNIT}@.service)
	unit_make(route.target ${UNIT}.target)
	string(APPEND OPSFABRIC_WANTS "Wants=${UNIT}.socket ${UNIT}.target\n")
	if(ROUTE_${ROUTE_NAME}_CALLER STREQUAL "cron")
		set(UNIT_SANDBOX "${sandbox}\nIPAddressAllow=localhost")
		timer_make()
	endif()
endforeach()
set(UNIT_SANDBOX "${sandbox}")
unit_environment("DATABASE_OWNER_URL CRON_SECRET")
unit_make(replay.service opsfabric-replay.service)
unit_environment("DATABASE_URL DATABASE_OWNER_URL CRON_SECRET")
unit_make(dispatcher.service opsfabric-dispatcher.service)
# Units that hang on no route, under their own names. A timer that has an [Install] is for those who enable it.
unit_environment("DATABASE_OWNER_URL CRON_SECRET")
file(GLOB own CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/deploy/systemd/opsfabric-*.in)
foreach(file IN LISTS own)
	get_filename_component(name ${file} NAME)
	string(REGEX REPLACE "[.]in$" "" name ${name})
	unit_make(${name} ${name})
	file(STRINGS ${file} install REGEX "^\\[Install\\]")
	if(name MATCHES "[.]timer$" AND install STREQUAL "")
		string(APPEND OPSFABRIC_WANTS "Wants=${name}\n")
	endif()
endforeach()
string(STRIP "${OPSFABRIC_WANTS}" OPSFABRIC_WANTS)
unit_make(opsfabric.target opsfabric.target)
configure_file(${PROJECT_SOURCE_DIR}/deploy/systemd/opsfabric.slice ${units_dir}/opsfabric.slice COPYONLY)

# Debian's directory for units of packages.
install(DIRECTORY ${units_dir}/ DESTINATION /lib/systemd/system COMPONENT systemd)
install(FILES deploy/systemd/sysusers.conf DESTINATION /usr/lib/sysusers.d
	RENAME opsfabric.conf COMPONENT systemd)
install(FILES deploy/systemd/tmpfiles.conf DESTINATION /usr/lib/tmpfiles.d
	RENAME opsfabric.conf COMPONENT systemd)
install(PROGRAMS deploy/cron DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/opsfabric COMPONENT programs)
