import Glibc
import Host

/// What this process takes of the machine.
enum Machine {
    static var residentMegabytes: Double {
        guard let bytes = try? Host.system.readFile("/proc/self/statm", 4096) else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return (fields.dropFirst().first.flatMap { Double($0) } ?? 0) * Double(getpagesize()) / 1_000_000
    }

    /// Of all its threads, in the kernel too.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
