using System.Text;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Writes docs/configuration.md from the table of settings; a test keeps the file and the table alike.</summary>
public static class ConfigurationReference
{
    private const string Opening = """
        # Configuration

        <!-- Made from the table of settings (src/StingBackup.Engine/Reserve/Configuration/Settings.cs). Change it there. -->

        One YAML file says what is backed up, where to, and how. `sting-backup init` writes it with every setting in it; `Get-StingBackupConfig`
        shows each value with where it comes from, `-Changed` those that differ from the default or from the last run. `Test-StingBackupConfig` tells everything that is wrong at once;
        with `-Online` (`sting-backup doctor`) it also looks at what the settings name, changing nothing.

        ## Which file is used

        The first of these that there is:

        1. the file named by `-ConfigPath` or `--config`,
        2. the file named by the variable `STING_BACKUP_CONFIG`,
        3. `./sting-backup.yaml`,
        4. `~/.config/sting-backup/sting-backup.yaml` (`XDG_CONFIG_HOME` is followed; `%APPDATA%\sting-backup` on Windows),
        5. `/etc/sting/sting-backup.yaml` (`%ProgramData%\StingBackup` on Windows),
        6. `/etc/sting/backup-config.sh`.

        A file that is named (1, 2) is used or missed, never passed over. Relative paths in a file start at the file's own folder; `~/` is the user's home.

        ### The strategy's `backup-config.sh`

        The shell file of the backup strategy is read as well: lines of the form `NAME="value"` and comments. It is never run, so `$`, backticks and commands are refused. It
        serves alone, where it says everything that is needed, or beside a YAML file in the same folder: then it gives what the YAML does not say, and where both say the same thing
        differently, the run is refused. A variable that is not in the list below is refused.

        ## Globs

        Globs compare raw bytes, letter case counts, and what lies below a match matches too.

        | glob | matches |
        |---|---|
        | `*.log` | without a slash: a file or folder of that name anywhere |
        | `/models/**`, `conf/*.yml` | with a slash: from the reserve's root on |
        | `**/logs/*.txt` | `**` is any number of folders, none included; at the end, everything inside |
        | `cache/` | a slash at the end: folders only |
        | `?`, `[a-z]`, `[!0-9]` | one character; one of a set; one that is not in it |
        | `*.{jpg,png}` | either |
        | `\*` | the character itself |

        ## Settings

        """;

    /// <summary>The page.</summary>
    public static string Render()
    {
        var text = new StringBuilder(Opening.ReplaceLineEndings("\n"));
        foreach (var (section, summary) in Settings.Sections)
        {
            text.Append("\n### ").Append(section.Length == 0 ? "At the top of the file" : $"`{section}`").Append("\n\n").Append(summary).Append('\n');
            foreach (var setting in Settings.All.Where(s => s.Section == section))
            {
                text.Append("\n**`").Append(setting.Key).Append("`**  \n").Append(Plain(setting.Summary)).Append("  \n*").Append(Plain(ConfigurationWriter.Facts(setting))).Append("*\n");
                if (setting.FixedDefault is { } value && setting.WriteItems(value) is { Count: > 3 } items)
                {
                    text.Append("\n```yaml\n").AppendJoin('\n', items.Select(i => "- " + i)).Append("\n```\n");
                }
            }
        }
        return text.ToString();
    }

    /// <summary>What Markdown would take for a mark of its own.</summary>
    private static string Plain(string text) => text.Replace("*", @"\*", StringComparison.Ordinal).Replace("<", @"\<", StringComparison.Ordinal);
}
