import ClientPrograms
import FoundationEssentials
import Glibc
import Host
import Maintenance

/// Folders of plans as they were in a revision of git.
struct Revision {
    let name: String
    let host: Host

    /// A folder that is removed when the work is done.
    struct Folder {
        let path: String
        /// The files that the revision has, of those that were asked for.
        let files: [String]
    }

    /// Writes what the revision has in the folders of the plans into a new folder. The caller removes it.
    ///
    /// - Parameter plans: Files; of a folder all of its plans, also those that are gone meanwhile.
    func checkedOut(_ plans: [String]) async throws -> Folder {
        guard !name.hasPrefix("-") else { throw CouldNotLook(.rejected, "`\(name)` is no revision.") }
        var template = Array("/tmp/millwright-revision-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CouldNotLook(.rejected, "No folder could be made in /tmp.") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var found: [String] = []
        do {
            for (index, plan) in plans.enumerated() {
                let isFolder = (try? FileManager.default.contentsOfDirectory(atPath: plan)) != nil
                let url = URL(filePath: plan)
                let place = isFolder ? url : url.deletingLastPathComponent()
                let copy = "\(folder)/\(index)"
                try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
                try await run(["git", "-C", place.path, "archive", "--format=tar", "-o", "\(copy).tar", name, "."])
                try await run(["tar", "-xf", "\(copy).tar", "-C", copy])
                if isFolder {
                    found += CalendarOfPlans.plans(in: copy)
                } else if FileManager.default.fileExists(atPath: "\(copy)/\(url.lastPathComponent)") {
                    found.append("\(copy)/\(url.lastPathComponent)")
                }
            }
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        return Folder(path: folder, files: found)
    }

    private func run(_ arguments: [String]) async throws {
        let context = Context(
            host: host, deadline: host.steady() + .seconds(60), label: WorkLabel(run: "calendar", step: "revision"))
        let kind = HostKind()
        let client = kind.open(on: host)
        let result = try await kind.access(client, for: .change, in: context).run(ProgramCommand(arguments))
        await kind.close(client)
        guard result.ending == .exited(0) else {
            throw CouldNotLook(.rejected, "`\(arguments[0])` said: \(result.standardError.prefix(400))")
        }
    }
}
