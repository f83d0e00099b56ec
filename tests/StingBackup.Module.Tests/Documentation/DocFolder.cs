using System.Text.RegularExpressions;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>
/// The folder that a page's commands run in. Paths of the documentation that begin at a system's root lie within it: <c>/var/backups/sting</c> is <c>FOLDER/var/backups/sting</c>, and what is printed is turned back.
/// </summary>
internal sealed partial class DocFolder : IDisposable
{
    // Pages that begin with nothing; all others with the sample that the help pages use too.
    private static readonly string[] FromNothing = ["docs/tutorial.md", "docs/how-to/protect-a-sting.md"];

    private readonly SampleInstallation? _sample;
    private readonly TemporaryFolder? _empty;

    public DocFolder(string page)
    {
        if (FromNothing.Contains(page))
        {
            _empty = new TemporaryFolder();
        }
        else
        {
            _sample = SampleInstallation.Copy();
        }
        foreach (var folder in (string[])["etc/sting", "var/tmp", "var/backups", "var/lib", "var/log", "mnt/second-disk", "mnt/usb", "srv", "dev/shm", "opt"])
        {
            Directory.CreateDirectory(Path.Join(Root, folder));
        }
        if (page == "docs/how-to/protect-a-sting.md")
        {
            using var copied = System.Diagnostics.Process.Start("cp", ["-r", Path.Combine(Repository.Root, "tests", "fixtures", "sting"), Path.Join(Root, "opt/sting-ce")]);
            copied.WaitForExit();
            Passphrase = SampleInstallation.Passphrase;
        }
        if (_sample is not null)
        {
            // The sample's configuration and STING's old archives also stand where a host has them.
            Directory.CreateDirectory(Path.Join(Root, "opt/sting-ce/backups"));
            foreach (var archive in Directory.EnumerateFiles(_sample["old-backups"]))
            {
                File.Copy(archive, Path.Join(Root, "opt/sting-ce/backups", Path.GetFileName(archive)));
            }
            File.Copy(_sample["sting-backup.yaml"], Path.Join(Root, "etc/sting/sting-backup.yaml"));
        }
        File.WriteAllText(Path.Join(Root, "etc/sting/pass"), SampleInstallation.Passphrase + "\n");
    }

    /// <summary>Where it is.</summary>
    public string Root => _sample?.Folder ?? _empty!.Path;

    /// <summary>A session of PowerShell's in it. 'Initialize' writes nothing to the host's own folders, and where a secret is asked for somebody types one.</summary>
    public HostedShell OpenShell()
    {
        var shell = HostedShell.WithModule();
        shell.Host.Secret = SampleInstallation.Passphrase;
        shell.Run("""
            param($root)
            $null = $ExecutionContext.SessionState.Path.SetLocation($root)
            $own = @{ KeyDirectory = "$root/var/lib/sting-backup/keys"; StateDirectory = "$root/var/lib/sting-backup/state"; CacheDirectory = "$root/var/cache/sting-backup"; LogDirectory = "$root/var/log/sting-backup" }
            foreach ($name in $own.Keys) { $global:PSDefaultParameterValues["Initialize-StingRepository:$name"] = $own[$name] }
            $global:PSDefaultParameterValues['Initialize-StingRepository:ConfigPath'] = "$root/etc/sting/sting-backup.yaml"
            if (-not [System.IO.File]::Exists("$root/sting-backup.yaml")) { $global:PSDefaultParameterValues['*-Sting*:ConfigPath'] = "$root/etc/sting/sting-backup.yaml" }
            """, ("root", Root)).Succeeded();
        return shell;
    }

    /// <summary>What STING_BACKUP_PASSPHRASE says from the beginning, in the place of somebody who is asked; null for nothing.</summary>
    public string? Passphrase { get; }

    /// <summary>What runs, of what stands in the page.</summary>
    public string Inwards(string text) => Rooted().Replace(text, m => Root + m.Value);

    /// <summary>What the page would show, of what was printed.</summary>
    public string Outwards(string text) => Regex.Replace(text, $"{Regex.Escape(Root)}(?=/(opt|var|etc|mnt|srv|dev)/)", "", RegexOptions.CultureInvariant).Replace(Root, "/home/you/tutorial", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<![\w./~-])/(?:opt|var|etc/sting|mnt|srv|dev/shm)\b")]
    private static partial Regex Rooted();

    /// <inheritdoc/>
    public void Dispose()
    {
        _sample?.Dispose();
        _empty?.Dispose();
    }
}
