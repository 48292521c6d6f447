/*
 * probe.c - a program that tries what no handler may do, and says of each how
 * it went
 *
 * probe read FILE... write DIRECTORY... connect ADDRESS PORT...
 * probe listen ADDRESS PORT   is who answers at that address
 * One line for each: "read /etc/shadow done", or the reason why not. In place
 * of a handler's program, with its unit's settings, it shows what somebody
 * could do who has taken that program over.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 1000

static void
say(const char *verb, const char *what, int error)
{
	printf("%s %s %s\n", verb, what, error == 0 ? "done" : strerror(error));
}

static int
try_read(const char *file)
{
	char byte;
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (read(fd, &byte, 1) < 0)
		error = errno;
	close(fd);
	return error;
}

static int
try_write(const char *directory)
{
	char file[512];
	int fd;

	snprintf(file, sizeof(file), "%s/opsfabric-probe", directory);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int
address_of(const char *address, const char *port, struct sockaddr_in *to)
{
	memset(to, 0, sizeof(*to));
	to->sin_family = AF_INET;
	to->sin_port = htons((in_port_t)strtoul(port, NULL, 10));
	return inet_pton(AF_INET, address, &to->sin_addr) == 1 ? 0 : -1;
}

static int
listen_there(const char *address, const char *port)
{
	struct sockaddr_in at;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || address_of(address, port, &at) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 64) < 0) {
		perror("probe: listen");
		return 1;
	}
	for (;;) {
		const int client = accept(fd, NULL, NULL);

		if (client >= 0)
			close(client);
	}
}

static int
try_connect(const char *address, const char *port)
{
	struct sockaddr_in to;
	struct pollfd wait = { .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (address_of(address, port, &to) < 0)
		return EINVAL;
	wait.fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wait.fd < 0)
		return errno;
	if (connect(wait.fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		/* What the kernel filters is never answered. */
		if (poll(&wait, 1, PATIENCE_MS) == 0)
			error = ETIMEDOUT;
		else if (getsockopt(
			     wait.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
	}
	close(wait.fd);
	return error;
}

int
main(int argc, char **argv)
{
	const char *verb = "";
	int i;

	if (argc == 4 && strcmp(argv[1], "listen") == 0)
		return listen_there(argv[2], argv[3]);
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "read") == 0 ||
		    strcmp(argv[i], "write") == 0 ||
		    strcmp(argv[i], "connect") == 0)
			verb = argv[i];
		else if (strcmp(verb, "read") == 0)
			say(verb, argv[i], try_read(argv[i]));
		else if (strcmp(verb, "write") == 0)
			say(verb, argv[i], try_write(argv[i]));
		else if (strcmp(verb, "connect") == 0 && i + 1 < argc) {
			say(verb, argv[i], try_connect(argv[i], argv[i + 1]));
			i++;
		}
	}
	return 0;
}
