# cmake [-D CHECK=ON] -P problems_table.cmake
#
# Writes the table of docs/problems.md from lib/problem.def and the pages of the routes, between the
# two marks there. With CHECK it writes nothing and fails when the table is not the one it would write.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/routes_read.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/table_write.cmake)

get_filename_component(top ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

routes_read(${top}/cgi-bin/ROUTES)
foreach(name IN LISTS ROUTES)
	if(NOT EXISTS ${top}/docs/routes/${name}.md)
		message(FATAL_ERROR "docs/routes/${name}.md is missing")
	endif()
	file(READ ${top}/docs/routes/${name}.md ROUTE_${name}_PAGE)
endforeach()

# An entry may take two lines.
file(READ ${top}/lib/problem.def definitions)
string(REGEX MATCHALL "\nPROBLEM\\([^)]*\"\\)" entries "${definitions}")
if(entries STREQUAL "")
	message(FATAL_ERROR "lib/problem.def: no problems")
endif()
set(table "| status | type | title | routes |\n|---|---|---|---|\n")
foreach(entry IN LISTS entries)
	if(NOT entry MATCHES "PROBLEM\\([A-Z_]+, ([0-9]+), [0-9]+,[ \n]*\"([a-z-]+)\",[ \n]*\"([^\"]+)\"\\)")
		message(FATAL_ERROR "lib/problem.def: not PROBLEM(code, status, retry after, slug, title): ${entry}")
	endif()
	set(status ${CMAKE_MATCH_1})
	set(slug ${CMAKE_MATCH_2})
	set(title "${CMAKE_MATCH_3}")
	set(routes "")
	foreach(name IN LISTS ROUTES)
		string(FIND "${ROUTE_${name}_PAGE}" "\n| ${status} | `${slug}` |" found)
		if(NOT found EQUAL -1)
			list(APPEND routes "[${name}](routes/${name}.md)")
		endif()
	endforeach()
	string(REPLACE ";" ", " routes "${routes}")
	string(APPEND table "| ${status} | `urn:opsfabric:problem:${slug}` | ${title} | ${routes} |\n")
endforeach()

table_write(${top}/docs/problems.md "lib/problem.def and docs/routes" problems_table "${table}")
