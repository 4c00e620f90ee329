import Glibc
public import Host
public import Maintenance

extension Programs {
    /// This process, as a journal names the owner of a run. Throws `CouldNotLook` where /proc does not show it.
    public static func own(on host: Host) throws(CouldNotLook) -> ProcessIdentity {
        guard let own = identity(of: getpid(), in: ProcessTable(host: host)) else {
            throw CouldNotLook(
                .notSupported, "/proc does not show this process: Millwright needs it to tell processes apart.")
        }
        return own
    }
}
