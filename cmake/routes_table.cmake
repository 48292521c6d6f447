# cmake [-D CHECK=ON] -P routes_table.cmake
#
# Writes the table of docs/routes/README.md from cgi-bin/ROUTES, between the two marks there.
# With CHECK it writes nothing and fails when the table is not the one it would write.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/routes_read.cmake)

get_filename_component(top ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(readme ${top}/docs/routes/README.md)
set(open "<!-- from cgi-bin/ROUTES, by cmake -P cmake/routes_table.cmake -->\n")
set(close "<!-- end -->\n")

routes_read(${top}/cgi-bin/ROUTES)
set(table "| route | methods | path | who calls | role | what it does |\n|---|---|---|---|---|---|\n")
foreach(name IN LISTS ROUTES)
	string(REGEX REPLACE "^GET|,GET" "\\0, HEAD" methods "${ROUTE_${name}_METHODS}")
	string(REPLACE "," ", " methods "${methods}")
	string(REGEX REPLACE ", +" ", " methods "${methods}")
	set(path "${ROUTE_${name}_PATH}")
	string(REGEX REPLACE "^~" "" path "${path}")
	# A bar would end the cell, also between backquotes.
	string(REPLACE "|" "\\|" path "${path}")
	string(APPEND table "| [${name}](${name}.md) | ${methods} | `${path}` | ${ROUTE_${name}_CALLER} "
		"| ${ROUTE_${name}_ROLE} | ${ROUTE_${name}_PURPOSE} |\n")
endforeach()

file(READ ${readme} page)
string(FIND "${page}" "${open}" from)
string(FIND "${page}" "${close}" to)
if(from EQUAL -1 OR to LESS from)
	message(FATAL_ERROR "${readme}: the marks of the table are missing")
endif()
string(SUBSTRING "${page}" 0 ${from} before)
string(SUBSTRING "${page}" ${to} -1 after)
set(wanted "${before}${open}${table}${after}")
if(wanted STREQUAL page)
	return()
endif()
if(CHECK)
	message(FATAL_ERROR "${readme}: not the table of cgi-bin/ROUTES; cmake -P cmake/routes_table.cmake writes it")
endif()
file(WRITE ${readme} "${wanted}")
