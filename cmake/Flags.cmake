# Flags of our own code, in one target that only our code links: system headers and
# third parties are not affected.
add_library(project_flags INTERFACE)

target_compile_definitions(project_flags INTERFACE _GNU_SOURCE)

# Asserts stay on in every build: a worker that is wrong should die and be replaced.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")

set(warnings_both
	-Wall -Wextra -Wpedantic -Werror -Wshadow -Wundef -Wvla -Walloca
	-Wconversion -Wsign-conversion -Wdouble-promotion -Wcast-qual
	-Wcast-align -Wpointer-arith -Wwrite-strings -Wformat=2
	-Wnull-dereference -Wswitch-enum -Wimplicit-fallthrough
	-Wredundant-decls)
set(warnings_c
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition)
set(warnings_gcc
	-Wlogical-op -Wduplicated-cond -Wduplicated-branches
	-Wformat-signedness -Wtrampolines)

target_compile_options(project_flags INTERFACE
	${warnings_both}
	"$<$<COMPILE_LANGUAGE:C>:${warnings_c}>"
	"$<$<COMPILE_LANG_AND_ID:C,GNU>:${warnings_gcc}>"
	"$<$<COMPILE_LANGUAGE:C>:-include;${PROJECT_SOURCE_DIR}/lib/must_check.h>"
	-fstack-protector-strong -fstack-clash-protection -fno-common)
# clang 14 refuses it without an extra flag.
target_compile_options(project_flags INTERFACE
	"$<$<C_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>")
target_link_options(project_flags INTERFACE
	# A program that never calls libphonenumber or libcurl does not load them.
	-Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(OPSFABRIC_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(OPSFABRIC_COVERAGE "Instrument for gcov" OFF)
option(OPSFABRIC_FUZZ "Build the fuzz targets with libFuzzer" OFF)

if(OPSFABRIC_SANITIZE)
	# On every target, C++ parts too: half an instrumented program finds half.
	add_compile_options(-fsanitize=${OPSFABRIC_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=${OPSFABRIC_SANITIZE})
	if(OPSFABRIC_FUZZ)
		add_compile_options(-fsanitize=fuzzer-no-link)
	endif()
elseif(NOT OPSFABRIC_COVERAGE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
	target_compile_definitions(project_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(OPSFABRIC_COVERAGE)
	add_compile_options(--coverage)
	add_link_options(--coverage)
endif()
