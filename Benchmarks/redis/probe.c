/* A client that asks PING once a millisecond for so many seconds, and writes what the answers took:
   probe PORT SECONDS. A question that the one before held up is late, and its time counts from when it was due. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

int main(int count, char **words) {
    if (count != 3) return 1;
    int questions = atoi(words[2]) * 1000, one = 1;
    double *took = malloc(sizeof(double) * questions);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int line = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(line, (struct sockaddr *)&place, sizeof place)) return 1;
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    double begun = now();
    for (int number = 0; number < questions; number++) {
        double due = begun + number;
        struct timespec at = {.tv_sec = (time_t)(due / 1e3)};
        at.tv_nsec = (long)((due - at.tv_sec * 1e3) * 1e6);
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL)) continue;
        /* What the system woke us late is not the server's. */
        double asked = now(), from = number > 0 && took[number - 1] > 1 ? due : asked;
        char answer[64];
        if (write(line, "PING\r\n", 6) != 6 || read(line, answer, sizeof answer) <= 0) return 1;
        took[number] = now() - from;
    }
    double sum = 0;
    for (int number = 0; number < questions; number++) sum += took[number];
    qsort(took, questions, sizeof(double), compare);
    printf("mean\t%.3f\np50\t%.3f\np99\t%.3f\np999\t%.3f\nmax\t%.3f\n", sum / questions, took[questions / 2],
           took[questions - questions / 100 - 1], took[questions - questions / 1000 - 1], took[questions - 1]);
    return 0;
}
