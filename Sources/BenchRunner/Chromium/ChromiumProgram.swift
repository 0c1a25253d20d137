import Foundation

/// The browser on this machine.
enum ChromiumProgram {
    static let names = ["chromium", "chromium-browser", "google-chrome"]

    /// The first of the names that the PATH has.
    static func find(
        path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) throws(CommandError) -> String {
        let folders = path.split(separator: ":").map(String.init)
        for name in names {
            for folder in folders {
                let file = folder + "/" + name
                if FileManager.default.isExecutableFile(atPath: file) { return file }
            }
        }
        throw CommandError(
            exitCode: .targetUnavailable,
            message:
                "--client chromium: none of \(names.joined(separator: ", ")) is on the PATH; install"
                + " one (Debian: apt-get install chromium; Fedora: dnf install chromium), or take"
                + " --client browser, which models one")
    }

    /// Headless, with a profile of its own, and quiet: nothing but what a page asks for goes out.
    static func arguments(profile: String, trustsAnyone: Bool) -> [String] {
        var words = [
            "--headless=new", "--remote-debugging-pipe", "--user-data-dir=\(profile)",
            "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--no-default-browser-check", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-proxy-server",
        ]
        // The embedded endpoint's authority is made anew at each start.
        if trustsAnyone { words.append("--ignore-certificate-errors") }
        // Chromium's sandbox refuses to run as root.
        if geteuid() == 0 { words.append("--no-sandbox") }
        return words + ["about:blank"]
    }
}
