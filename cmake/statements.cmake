# cmake -D OUT=dir -D SQL_DIR=dir -P statements.cmake
#
# Reads every statement of lib/sql, whose first lines say
#
#	-- NAME: what it does
#	-- role: web | service | owner | command | any
#	-- $1 parameter: what it is
#
# and writes what lib/stmt.h and lib/stmt.c include: stmt.def (the list), stmt_params.h (a
# struct per statement, whose members are the parameters in order) and stmt_text.inc (the
# SQL). A header out of form stops the build.
file(GLOB files ${SQL_DIR}/*.sql)
list(SORT files)
set(def "")
set(params "")
set(text "")
foreach(file IN LISTS files)
	get_filename_component(lower ${file} NAME_WE)
	string(TOUPPER ${lower} upper)
	file(STRINGS ${file} lines ENCODING UTF-8 REGEX "^--")
	file(READ ${file} hex HEX)
	set(role "")
	set(count 0)
	set(members "")
	if(NOT lines MATCHES "^-- ${upper}: ")
		message(FATAL_ERROR "${file}: must begin with '-- ${upper}: '")
	endif()
	foreach(line IN LISTS lines)
		if(line MATCHES "^-- role: (web|service|owner|command|any)")
			string(TOUPPER ${CMAKE_MATCH_1} role)
		elseif(line MATCHES "^-- \\$([0-9]+) ([a-z_0-9]+)")
			math(EXPR count "${count} + 1")
			if(NOT CMAKE_MATCH_1 EQUAL count)
				message(FATAL_ERROR "${file}: $${count} expected before ${line}")
			endif()
			string(APPEND members "\tconst char *${CMAKE_MATCH_2};\n")
		endif()
	endforeach()
	if(role STREQUAL "")
		message(FATAL_ERROR "${file}: no '-- role:' line")
	endif()
	string(APPEND def "STMT(${upper}, ${lower}, ${count}, STMT_ROLE_${role})\n")
	if(count GREATER 0)
		string(APPEND params "struct stmt_${lower} {\n${members}};\n")
	endif()
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	string(APPEND text "static const unsigned char text_${lower}[] = { ${bytes} 0 };\n")
endforeach()
foreach(pair "stmt.def;def" "stmt_params.h;params" "stmt_text.inc;text")
	list(GET pair 0 name)
	list(GET pair 1 variable)
	file(WRITE ${OUT}/${name} "${${variable}}")
endforeach()
