using System.Globalization;
using System.Text;

namespace StingBackup.Packager.Manual;

/// <summary>Manual pages, made of what the programs say of themselves.</summary>
internal static class ManualPages
{
    /// <summary>The pages of both programs, by name.</summary>
    /// <param name="folder">The programs that are to be packed: they have to start.</param>
    /// <param name="options">Version and date.</param>
    public static IReadOnlyDictionary<string, string> Of(string folder, PackageOptions options)
    {
        string Help(string name) => Tool.Read(Path.Join(folder, name), ["help", "--all"]);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["sting-backup.1"] = Page("sting-backup", "back up and verify a Honey Reserve, and look after its backups", Help("sting-backup"), options),
            ["sting-restore.1"] = Page("sting-restore", "bring back a file, a person, a honey jar or everything", Help("sting-restore"), options),
        };
    }

    /// <summary>One page.</summary>
    /// <param name="name">The program.</param>
    /// <param name="purpose">What it does, for <c>apropos</c>.</param>
    /// <param name="help">What <c>help --all</c> prints: the program's help, and behind a rule each that of one command.</param>
    /// <param name="options">Version and date.</param>
    public static string Page(string name, string purpose, string help, PackageOptions options)
    {
        var parts = help.Split(new string('-', 80) + "\n", StringSplitOptions.RemoveEmptyEntries);
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            .TH {name.ToUpperInvariant()} 1 "{options.Date.UtcDateTime:yyyy-MM-dd}" "StingBackup {options.Version}" "User Commands"
            .SH NAME
            {name} \- {purpose}
            .SH SYNOPSIS
            .B {name}
            .I COMMAND
            .RB [ \-\-option
            .IR value " ...]"
            .SH DESCRIPTION
            .nf
            {Literal(parts[0])}.fi
            .SH COMMANDS

            """);
        foreach (var part in parts.Skip(1))
        {
            var lines = part.Split('\n', 2);
            page.Append(CultureInfo.InvariantCulture, $".SS {Literal(lines[0]).TrimEnd()}\n.nf\n{Literal(lines[1].TrimStart('\n'))}.fi\n");
        }
        page.Append("""
            .SH ENVIRONMENT
            .TP
            .B STING_BACKUP_CONFIG
            The configuration file.
            .TP
            .B STING_BACKUP_PASSPHRASE
            The passphrase; a file that \-\-passphrase\-file names is safer.
            .SH FILES
            .TP
            .I /etc/sting/sting\-backup.yaml
            The configuration; sting\-backup init writes it, with a comment at each setting.
            .TP
            .I /var/lib/sting\-backup
            What this host knows of its runs, and in keys/ the keys, without which no backup opens.
            .SH SEE ALSO
            .BR sting\-backup (1),
            .BR sting\-restore (1)

            """);
        return page.ToString();
    }

    /// <summary>A text that means nothing to troff.</summary>
    private static string Literal(string text) => string.Concat(text.TrimEnd('\n').Split('\n').Select(line =>
    {
        var safe = line.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("…", "...", StringComparison.Ordinal);
        return (safe.StartsWith('.') || safe.StartsWith('\'') ? "\\&" : "") + safe + "\n";
    }));
}
