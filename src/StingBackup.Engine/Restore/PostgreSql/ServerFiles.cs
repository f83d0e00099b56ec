using System.Globalization;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>What a server needs besides its data to be started over a restored folder.</summary>
internal static class ServerFiles
{
    /// <summary>Some systems keep a server's configuration elsewhere (Debian, in /etc/postgresql), so that no base backup holds it.</summary>
    public static void Complete(string data)
    {
        // A server that nobody reads from while it recovers needs no settings as large as the original's.
        AddIfMissing(data, "postgresql.conf", "# Written by StingBackup: the original's configuration was not in its data folder.\nhot_standby = off\n");
        AddIfMissing(data, "pg_hba.conf", "# Written by StingBackup: the original's was not in its data folder. Only its own system user gets in.\nlocal all all peer\n");
        AddIfMissing(data, "pg_ident.conf", "");
    }

    /// <summary>The commands that start it.</summary>
    public static IReadOnlyList<string> HowToStart(string data, string version)
    {
        var major = version.Split('.', ' ')[0];
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"chown -R postgres: {Quote(Path.GetDirectoryName(data)!)}   # whoever runs the server must own it"),
            string.Create(CultureInfo.InvariantCulture, $"sudo -u postgres /usr/lib/postgresql/{major}/bin/pg_ctl -D {Quote(data)} -o '-p 5499' -l {Quote(Path.Combine(data, "recovery.log"))} -w start   # PostgreSQL {major}; any free port"),
        ];
    }

    private static void AddIfMissing(string data, string name, string text)
    {
        var path = Path.Combine(data, name);
        if (!File.Exists(path))
        {
            File.WriteAllText(path, text);
        }
    }

    private static string Quote(string path) => $"'{path.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
