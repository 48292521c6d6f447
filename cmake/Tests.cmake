# Tests, by label: unit (no I/O), fuzz (corpora replayed), schema (pgTAP), route, edge, browser, life
# (a running stack), container (the package in a Debian of its own), layout (lists agree, layers hold).
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)
find_program(PYTEST NAMES pytest-3 REQUIRED)
set(sanitizer_env
	"ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
	"UBSAN_OPTIONS=print_stacktrace=1")

# One program per module of lib/; a test file mirrors a module file.
file(GLOB unit_tests CONFIGURE_DEPENDS tests/unit/test_*.c)
foreach(source IN LISTS unit_tests)
	get_filename_component(target ${source} NAME_WE)
	string(REPLACE "test_" "" module ${target})
	add_executable(${target} ${source})
	set_target_properties(${target} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
	target_link_libraries(${target} PRIVATE opsfabric project_flags PkgConfig::CHECK)
	add_test(NAME unit/${module} COMMAND ${target})
	# Check's own limit of four seconds is too short beside the other tests.
	set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 240
		ENVIRONMENT "${sanitizer_env};CK_DEFAULT_TIMEOUT=240")
endforeach()

target_compile_definitions(test_mustache PRIVATE
	MUSTACHE_SPEC="${PROJECT_SOURCE_DIR}/tests/support/mustache")

# A fuzz target asserts a property. With OPSFABRIC_FUZZ it explores; everywhere else the same
# file replays its corpus, which is how a crash of yesterday stays fixed.
file(GLOB fuzz_targets CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzz_targets)
	get_filename_component(target ${source} NAME_WE)
	string(REPLACE "fuzz_" "" input ${target})
	add_executable(${target} ${source})
	if(OPSFABRIC_FUZZ)
		target_link_options(${target} PRIVATE -fsanitize=fuzzer)
	else()
		target_sources(${target} PRIVATE tests/fuzz/replay.c)
	endif()
	set_target_properties(${target} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
	target_link_libraries(${target} PRIVATE opsfabric project_flags)
	add_test(NAME fuzz/${input} COMMAND ${target}
		${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${input})
	set_tests_properties(fuzz/${input} PROPERTIES LABELS fuzz TIMEOUT 300
		ENVIRONMENT "${sanitizer_env}")
endforeach()

# Black box, on running stacks: three for the whole run, started and stopped by CTest. The tests of
# one share its clock, so they run one after the other, and beside those of the others.
get_filename_component(preset ${PROJECT_BINARY_DIR} NAME)
set(stack_env "OPSFABRIC_PRESET=${preset}" "OPSFABRIC_SKIP_BUILD=1" "${sanitizer_env}")
set(stacks a b c)
foreach(stack IN LISTS stacks)
	set(state ${PROJECT_BINARY_DIR}/stack_${stack}.path)
	foreach(step start stop)
		add_test(NAME stack/${step}_${stack}
			COMMAND ${PROJECT_SOURCE_DIR}/tests/support/stack ${step} ${state})
	endforeach()
	set_tests_properties(stack/start_${stack} PROPERTIES FIXTURES_SETUP stack_${stack} TIMEOUT 600
		LABELS stack ENVIRONMENT "${stack_env}")
	set_tests_properties(stack/stop_${stack} PROPERTIES FIXTURES_CLEANUP stack_${stack} TIMEOUT 300
		LABELS stack ENVIRONMENT "${stack_env}")
endforeach()
foreach(label route edge browser life)
	file(GLOB scripts CONFIGURE_DEPENDS tests/${label}/test_*.py)
	foreach(script IN LISTS scripts)
		get_filename_component(name ${script} NAME_WE)
		string(REPLACE "test_" "" name ${name})
		set(test ${label}/${name})
		add_test(NAME ${test} COMMAND ${PYTEST} -q -rs -p no:cacheprovider ${script})
		set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT 900
			ENVIRONMENT "${stack_env}" WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
		# A browser is many processes.
		if(label STREQUAL "browser")
			set_tests_properties(${test} PROPERTIES PROCESSORS 2)
		endif()
		# These have installations of their own, to stop and to kill, and mostly wait: for a
		# time-out, for a database that comes back. They run beside the others.
		if(label STREQUAL "life" OR name MATCHES "^(dispatcher|outcome|deploy|webhook_trust|away)$")
			continue()
		endif()
		list(POP_FRONT stacks stack)
		list(APPEND stacks ${stack})
		set_tests_properties(${test} PROPERTIES
			FIXTURES_REQUIRED stack_${stack} RESOURCE_LOCK stack_${stack}
			ENVIRONMENT "OPSFABRIC_TEST_STACK=${PROJECT_BINARY_DIR}/stack_${stack}.path;${stack_env}")
	endforeach()
endforeach()
# What takes longest begins first: seconds, those beside others.
foreach(long IN ITEMS
		route/dispatcher:125 life/database:120 route/outcome:110 life/requests:110 life/failover:105
		life/delivery:105 life/spool:100 life/restart:100 life/backup:85 browser/pages:80 route/command:80
		route/metrics:70 life/hosts:70 browser/wizard:65 route/page:50 browser/hostile:50 browser/away:50
		life/pooler:50 life/restored:50 life/campaign:40 edge/deploy:35)
	string(REGEX MATCH "^(.*):(.*)$" long ${long})
	set_tests_properties(${CMAKE_MATCH_1} PROPERTIES COST ${CMAKE_MATCH_2})
endforeach()

file(GLOB layout_checks CONFIGURE_DEPENDS tests/layout/check_*)
foreach(script IN LISTS layout_checks)
	get_filename_component(name ${script} NAME_WE)
	string(REPLACE "check_" "" name ${name})
	add_test(NAME layout/${name} COMMAND ${script} ${PROJECT_BINARY_DIR})
	set_tests_properties(layout/${name} PROPERTIES LABELS layout TIMEOUT 300
		WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endforeach()

# All of the tree, once: minutes beside the others.
set_tests_properties(layout/clang PROPERTIES PROCESSORS 2 COST 200 TIMEOUT 900)
set_tests_properties(layout/package PROPERTIES TIMEOUT 900 COST 50)

# Policies, constraints and statements, in databases of their own.
add_test(NAME schema/pgtap COMMAND ${PROJECT_SOURCE_DIR}/tests/schema/run)
set_tests_properties(schema/pgtap PROPERTIES LABELS schema TIMEOUT 900 COST 80
	WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# Numbers as people write them, held against another implementation.
add_executable(phone_lines tests/support/phone/phone_lines.c)
set_target_properties(phone_lines PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
target_link_libraries(phone_lines PRIVATE opsfabric project_flags)
add_test(NAME unit/phone_compare
	COMMAND ${PROJECT_SOURCE_DIR}/tests/support/phone/run $<TARGET_FILE:phone_lines>)
set_tests_properties(unit/phone_compare PROPERTIES LABELS unit TIMEOUT 600
	ENVIRONMENT "${sanitizer_env}" WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# The package in a bare Debian with a systemd of its own. 77: this machine cannot, and it says why.
add_test(NAME container/debian COMMAND ${PROJECT_SOURCE_DIR}/tests/container/run)
set_tests_properties(container/debian PROPERTIES LABELS container TIMEOUT 3600 COST 150 PROCESSORS 2
	SKIP_RETURN_CODE 77 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
