import Host
import Maintenance

/// Files of configuration, read outside the cooperative pool: a home folder may lie on a server that hangs.
struct KubernetesFiles: Sendable {
    let context: Context

    /// At most `KubernetesLimits.fileBytes`; throws `CouldNotLook` where the file cannot be read in time.
    func read(_ path: String) async throws -> [UInt8] {
        guard let bytes = try await readIfThere(path) else {
            throw CouldNotLook(.notFound, "\(path) does not exist.")
        }
        return bytes
    }

    /// `nil` where there is no such file.
    func readIfThere(_ path: String) async throws -> [UInt8]? {
        let host = context.host
        do {
            let bytes = try await OffPool.run(until: context.deadline, on: host) {
                try host.readFile(path, KubernetesLimits.fileBytes)
            }
            guard let bytes else { throw CouldNotLook(.timedOut, "\(path) could not be read in time.") }
            return bytes
        } catch let error as FileError {
            if error.isMissing { return nil }
            throw CouldNotLook(.noPermission, "\(error).")
        }
    }
}
