import Foundation

extension Fault {
    /// What is wrong with the backups, and with the store that has them.
    static let objectFaults: [Fault] = [
        backups("backup-31-hours", "the newest backup is 31 hours old") { try keepOlderThan(hours: 20, in: $0) },
        backups("backup-none", "there is no backup at all") { try $0.clear(SteamTrapObjects.backups) },
        backups("backup-empty", "the newest backup is empty") { try $0.placeBackup(hoursAgo: 1, rows: 0, content: []) },
        backups("backup-shrunken", "the newest backup has a fifth of the usual size") {
            try $0.placeBackup(hoursAgo: 1, rows: 700)
        },
        backups("backup-foreign", "the newest object is a page that calls itself a backup") {
            let page = "<html><body>\(String(repeating: "503 Service Unavailable ", count: 1800))</body></html>"
            try $0.placeBackup(hoursAgo: 1, rows: 0, content: Array(page.utf8))
        },
        backups("backup-cut", "the newest backup ends in the middle") {
            let whole = try SteamTrapObjects.gzipped(SteamTrapObjects.dump(rows: 4100))
            try $0.placeBackup(hoursAgo: 1, rows: 0, content: Array(whole.dropLast(whole.count / 4)))
        },
        backups("backup-from-tomorrow", "the newest backup was stored 30 hours from now") {
            try $0.placeBackup(hoursAgo: -30, rows: 4020)
        },
        Fault("objects-refused", "nobody listens on the object store's port", seenBy: "backup.age", at: Place.objects) {
            try $0.proxies.objects.set(.refuse)
        } heal: {
            try $0.proxies.objects.set(.forward)
        },
        Fault("objects-garbage", "the object store answers garbage", seenBy: "backup.age", at: Place.objects) {
            try $0.proxies.objects.set(.garbage)
        } heal: {
            try $0.proxies.objects.set(.forward)
        },
        Fault("objects-hang", "the object store accepts and does not answer", seenBy: "backup.age", at: Place.objects) {
            try $0.proxies.objects.set(.hang)
        } heal: {
            try $0.proxies.objects.set(.forward)
        },
    ]

    /// What is wrong with the reports of the scanners.
    static let scanFaults: [Fault] = [
        reports("scan-critical", "an image has a critical vulnerability", [.scans]) {
            try $0.place(report: SteamTrapScan(image: SteamTrapObjects.images[1], critical: 1))
        },
        reports("scan-25-high", "an image has 25 vulnerabilities of severity HIGH", [.scans]) {
            try $0.place(report: SteamTrapScan(image: SteamTrapObjects.images[0], high: 25))
        },
        reports("scan-stale", "the scan of an image is of last week", [.scans]) {
            try $0.place(report: SteamTrapScan(image: SteamTrapObjects.images[2], hoursAgo: 170))
        },
        reports("scan-skipped-half", "the scan of an image looked at half of its packages' kinds", [.scans]) {
            try $0.place(report: SteamTrapScan(image: SteamTrapObjects.images[0], classes: ["os-pkgs"]))
        },
        reports("scan-failed", "the scanner failed and left an empty report", [.scans]) {
            try $0.place("", at: "scans/worker.json")
        },
        reports("scan-missing", "the scan of an image is not there", [.scans]) {
            let folder = $0.server.folder(of: SteamTrapObjects.reports) + "/" + SteamTrapObjects.prefix
            try FileManager.default.removeItem(atPath: folder + "scans/ml-service.json")
        },
        reports("scan-of-another-image", "the report is about another image", [.scans]) {
            try $0.place(
                SteamTrapScan(image: "greenlang/elsewhere").text, at: "scans/sensor-gateway.json")
        },
        reports("dependencies-no-index", "pip reached no index and listed nothing", [.dependencies]) {
            try $0.place("[]", at: "dependencies/pip-outdated.json")
            try $0.place("[]", at: "dependencies/pip-list.json")
        },
        reports("dependencies-stale", "the list of npm is of last month", [.dependencies]) {
            try $0.place("{}", at: "dependencies/npm-outdated.json", hoursAgo: 30 * 24)
        },
        reports("dependencies-error", "npm could not ask its registry", [.dependencies]) {
            try $0.place(
                #"{"error":{"code":"ENOTFOUND","summary":"no network"}}"#, at: "dependencies/npm-outdated.json")
        },
    ]

    private static func keepOlderThan(hours: Int, in objects: SteamTrapObjects) throws {
        let folder = objects.server.folder(of: SteamTrapObjects.backups) + "/" + SteamTrapObjects.prefix
        for key in try objects.backupKeys() {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + key)
            guard let modified = attributes[.modificationDate] as? Date else { continue }
            if -modified.timeIntervalSinceNow < Double(hours) * 3600 {
                try FileManager.default.removeItem(atPath: folder + key)
            }
        }
    }

    private static func backups(
        _ name: String, _ summary: String, _ spoil: @escaping @Sendable (SteamTrapObjects) throws -> Void
    ) -> Fault {
        Fault(name, summary, seenBy: "backup.age", at: [.backups]) {
            try spoil($0.objects)
        } heal: {
            try $0.objects.fill()
        }
    }

    private static func reports(
        _ name: String, _ summary: String, _ places: Set<Place>,
        _ spoil: @escaping @Sendable (SteamTrapObjects) throws -> Void
    ) -> Fault {
        Fault(name, summary, seenBy: places == [.scans] ? "scan.report" : "dependencies.outdated", at: places) {
            try spoil($0.objects)
        } heal: {
            try $0.objects.fill()
        }
    }
}
