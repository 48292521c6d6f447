# cmake [-D CHECK=ON] -P routes_table.cmake
#
# Writes the table of docs/routes/README.md from cgi-bin/ROUTES, between the two marks there.
# With CHECK it writes nothing and fails when the table is not the one it would write.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/routes_read.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/table_write.cmake)

get_filename_component(top ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

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

table_write(${top}/docs/routes/README.md "cgi-bin/ROUTES" routes_table "${table}")
