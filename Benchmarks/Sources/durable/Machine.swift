import Glibc
import Host

/// What this process takes of the machine.
enum Machine {
    /// What is its own, and its part of what it shares.
    static var megabytes: Double {
        guard let bytes = try? Host.system.readFile("/proc/self/smaps_rollup", 1 << 16) else { return 0 }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Pss:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 1024 / 1_000_000
    }

    /// Of all its threads, in the kernel too.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
