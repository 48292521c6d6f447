# links - documents that were installed into ${documents} link to what is there, and no longer to the checkout

file(GLOB_RECURSE pages ${documents}/*.md)
foreach(page IN LISTS pages)
	file(READ ${page} text)
	string(REPLACE "](../deploy/" "](examples/" linked "${text}")
	string(REPLACE "](../NEWS.md)" "](NEWS.md.gz)" linked "${linked}")
	string(REPLACE "](man/opsfabric.1)" "](../../man/man1/opsfabric.1.gz)" linked "${linked}")
	# examples/cluster is as deep as deploy/cluster.
	string(REPLACE "](../../docs/" "](../../" linked "${linked}")
	if(NOT linked STREQUAL text)
		file(WRITE ${page} "${linked}")
	endif()
endforeach()
