using System.Diagnostics;
using System.Runtime.Versioning;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Packaging;

/// <summary>The Debian package: what dpkg says of it, and its scripts against a root of a few files. tests/soak/11-lifecycle.sh is the long form.</summary>
[SupportedOSPlatform("linux")]
public sealed class DebPackageTests : IDisposable
{
    private readonly SmallPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    [DpkgFact]
    public void It_puts_programs_units_manuals_and_completions_where_Debian_looks()
    {
        var deb = _packages.WriteDeb("1.2.3", "a.deb");
        Assert.Equal("1.2.3", Run("dpkg-deb", "-f", deb, "Version").Output.Trim());
        var lines = Run("dpkg-deb", "--contents", deb).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Contains(" root/root ", line, StringComparison.Ordinal));
        Assert.All(lines.Where(l => l[0] != 'l'), line => Assert.Equal(line[0] == 'd' || line.EndsWith("/sting-backup", StringComparison.Ordinal) && line.Contains("/bin/", StringComparison.Ordinal)
            || line.EndsWith("/sting-portal", StringComparison.Ordinal) || line.EndsWith(".sh", StringComparison.Ordinal) ? "rwxr-xr-x" : "rw-r--r--", line[1..10]));
        string[] expected =
        [
            "./usr/bin/sting-backup -> ../lib/sting-backup/current/bin/sting-backup", "./usr/bin/sting-restore -> ../lib/sting-backup/current/bin/sting-restore", "./usr/lib/sting-backup/program/portal/sting-portal",
            "./usr/lib/systemd/system/sting-backup-daemon.service", "./usr/lib/systemd/system/sting-backup-capture.service", "./usr/lib/systemd/system/sting-backup-portal.service", "./usr/share/man/man1/sting-backup.1.gz",
            "./usr/share/bash-completion/completions/sting-restore -> sting-backup", "./usr/share/zsh/vendor-completions/_sting-backup", "./usr/share/sting-backup/completions/sting-backup.ps1", "./etc/sting/",
            "./usr/share/doc/sting-backup/sbom.cdx.json", "./usr/share/doc/sting-backup/THIRD-PARTY-NOTICES.txt.gz", "./usr/share/doc/sting-backup/copyright",
        ];
        Assert.All(expected, path => Assert.Contains(lines, line => line.EndsWith($" {path}", StringComparison.Ordinal)));
        Assert.Equal("#!/bin/sh", Run("dpkg-deb", "--info", deb, "postinst").Output.Split('\n')[0]);
        Run("dpkg-deb", "-x", deb, _packages["x"]);
        var units = Directory.GetFiles(Path.Join(_packages["x"], "usr/lib/systemd/system"));
        Assert.All(units, unit => Assert.DoesNotContain("/opt/", File.ReadAllText(unit), StringComparison.Ordinal));
        Assert.All(units, unit => Assert.Contains("ExecStart=/usr/bin/sting-backup ", File.ReadAllText(unit), StringComparison.Ordinal));
    }

    [Fact]
    public void Two_of_one_content_are_equal()
    {
        Assert.Equal(File.ReadAllBytes(_packages.WriteDeb("1.2.3", "a.deb")), File.ReadAllBytes(_packages.WriteDeb("1.2.3", "b.deb")));
        Assert.NotEqual(File.ReadAllBytes(_packages["a.deb"]), File.ReadAllBytes(_packages.WriteDeb("1.2.4", "c.deb")));
    }

    [DpkgFact(asRoot: true)]
    public void Installed_upgraded_removed_and_purged_it_leaves_keys_configuration_and_logs()
    {
        var root = _packages["root"];
        string At(string path) => Path.Join(root, path);
        foreach (var folder in new[] { "etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "var/cache" })
        {
            Directory.CreateDirectory(At(folder));
        }
        File.WriteAllText(At("var/lib/dpkg/status"), "");
        File.WriteAllText(At("etc/passwd"), "sting-backup:x:59321:59322::/var/lib/sting-backup:/usr/sbin/nologin\n");
        void Dpkg(params string[] arguments)
        {
            var (code, output) = Run("dpkg", ["--root", root, "--force-script-chrootless", "--force-depends", "--force-unsafe-io", "--log=/dev/null", .. arguments]);
            Assert.True(code == 0, output);
        }
        string Version() => Run("sh", At("usr/bin/sting-backup")).Output.Trim();

        Dpkg("--install", _packages.WriteDeb("1.2.3", "a.deb"));
        Assert.Equal("1.2.3", Version());
        Assert.Equal("0:59322 2770", Run("stat", "-c", "%u:%g %a", At("etc/sting")).Output.Trim());
        Assert.Equal("59321:59322 750", Run("stat", "-c", "%u:%g %a", At("var/lib/sting-backup")).Output.Trim());
        string[] precious = ["etc/sting/sting-backup.yaml", "var/lib/sting-backup/keys/reserve.key", "var/log/sting-backup/a.jsonl"];
        foreach (var file in precious)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(file))!);
            File.WriteAllText(At(file), file);
        }
        File.WriteAllText(At("var/cache/sting-backup/x"), "again");

        // A program of the old version runs, and keeps its files.
        var before = Directory.ResolveLinkTarget(At("usr/lib/sting-backup/current"), true)!.FullName;
        File.Copy("/bin/sleep", Path.Join(before, "bin", "sleeper"));
        using var running = Process.Start(new ProcessStartInfo(Path.Join(before, "bin", "sleeper"), ["600"]))!;
        try
        {
            Dpkg("--install", _packages.WriteDeb("1.2.4", "b.deb"));
            Assert.True(File.Exists(Path.Join(before, "module", "StingBackup", "StingBackup.psd1")));
        }
        finally
        {
            running.Kill();
            running.WaitForExit();
        }
        Assert.Equal("1.2.4", Version());
        Assert.True(File.Exists(At("var/cache/sting-backup/x")));
        Dpkg("--install", _packages["a.deb"]);
        Assert.Equal("1.2.3", Version());
        Assert.Single(Directory.GetDirectories(At("usr/lib/sting-backup/versions")));

        Dpkg("--remove", "sting-backup");
        Assert.False(Directory.Exists(At("usr/lib/sting-backup")));
        Assert.True(File.Exists(At("var/cache/sting-backup/x")));
        File.WriteAllText(At("var/cache/sting-backup/kept.key"), "a key where none should be");
        Dpkg("--purge", "sting-backup");
        Assert.True(File.Exists(At("var/cache/sting-backup/kept.key")));
        File.Delete(At("var/cache/sting-backup/kept.key"));
        Dpkg("--install", _packages["a.deb"]);
        Dpkg("--purge", "sting-backup");
        Assert.False(Directory.Exists(At("var/cache/sting-backup")));
        Assert.All(precious, file => Assert.Equal(file, File.ReadAllText(At(file))));
    }
}

/// <summary>Runs where dpkg is; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DpkgFactAttribute : FactAttribute
{
    public DpkgFactAttribute(bool asRoot = false) =>
        Skip = !File.Exists("/usr/bin/dpkg") ? "dpkg is not here." : asRoot && !Environment.IsPrivilegedProcess ? "Only root may install." : null;
}
