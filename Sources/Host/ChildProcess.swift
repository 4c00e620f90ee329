import Glibc
public import Synchronization

/// The start of another program. Its streams and its end are its starter's business.
public enum ChildProcess {
    /// Held while a child is made and while a descriptor is not yet close-on-exec: the child would hold it open.
    public static let gate = Mutex(())

    /// POSIX_SPAWN_SETSID of <spawn.h>, which is only visible to GNU C.
    private static let newSession: Int32 = 0x80
    private typealias DirectoryAction =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    /// posix_spawn_file_actions_addchdir_np() of glibc 2.29, which it does not show to Swift.
    private static let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np").map {
        unsafeBitCast($0, to: DirectoryAction.self)
    }

    /// Starts a program in a session of its own, with its three streams and nothing else of ours open in it: every
    /// descriptor that this process opens is close-on-exec. `ENOSYS` where it cannot be run in another directory.
    public static func start(
        _ arguments: [String], environment: [String], directory: String? = nil, streams: [Int32]
    ) throws(SystemError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let directory {
            guard let changeDirectory, changeDirectory(&actions, directory) == 0 else {
                throw SystemError(code: ENOSYS)
            }
        }
        for (target, source) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | newSession))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var process = pid_t()
        let code = gate.withLock { _ in
            posix_spawnp(&process, arguments.first ?? "", &actions, &attributes, &words, &variables)
        }
        guard code == 0 else { throw SystemError(code: code) }
        return process
    }
}

/// What the system said no with, as `errno` has it.
public struct SystemError: Error {
    public let code: Int32
    /// In the system's own words.
    public var reason: String { String(cString: strerror(code)) }
}
