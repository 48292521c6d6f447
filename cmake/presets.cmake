# cmake -D OUT=dir -D PRESETS_DIR=dir -P presets.cmake
#
# Puts schema/presets into the command: presets.inc is included by lib/tenant_preset.c. Each line of
# PRESETS, "name  for whom", needs a file <name>.<language>.json in every language; there is no other.
set(languages de fr it en) # as in lib/language.h
file(STRINGS ${PRESETS_DIR}/PRESETS lines ENCODING UTF-8 REGEX "^[a-z]")
set(texts "")
set(table "")
set(wanted "")
foreach(line IN LISTS lines)
	if(NOT line MATCHES "^([a-z]+) +([^\"\\]+)$")
		message(FATAL_ERROR "${PRESETS_DIR}/PRESETS: not 'name  for whom': ${line}")
	endif()
	set(name ${CMAKE_MATCH_1})
	string(APPEND table "\t{ \"${name}\", \"${CMAKE_MATCH_2}\",\n\t    {")
	foreach(language IN LISTS languages)
		list(APPEND wanted ${name}.${language}.json)
		file(READ ${PRESETS_DIR}/${name}.${language}.json hex HEX)
		string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
		string(APPEND texts "static const unsigned char ${name}_${language}[] = { ${bytes} 0 };\n")
		string(APPEND table " ${name}_${language},")
	endforeach()
	string(APPEND table " } },\n")
endforeach()
file(GLOB found RELATIVE ${PRESETS_DIR} ${PRESETS_DIR}/*.json)
list(REMOVE_ITEM found ${wanted})
if(found)
	message(FATAL_ERROR "${PRESETS_DIR}/PRESETS has no line for ${found}")
endif()
file(WRITE ${OUT}/presets.inc
	"${texts}static const struct tenant_preset presets[] = {\n${table}};\n")
