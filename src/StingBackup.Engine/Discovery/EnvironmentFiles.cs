using System.Text;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>
/// STING's files of environment variables. They are full of passwords, so values are taken of a few names alone that never hold one; of any other name it is known only
/// whether it is set.
/// </summary>
internal sealed class EnvironmentFiles
{
    /// <summary>The key that people's files are encrypted with.</summary>
    public const string MasterKey = "HONEY_RESERVE_MASTER_KEY";

    private static readonly HashSet<string> Plain = new(StringComparer.Ordinal)
    {
        "POSTGRES_USER", "POSTGRES_HOST", "POSTGRES_PORT", "VAULT_ADDR", "CHROMA_URL", "COMPOSE_PROJECT_NAME", "COMPOSE_FILE", "STING_VERSION", "MODELS_DIR",
    };

    // The first that says something counts: what STING's services themselves read comes before the combined files.
    private static readonly string[] Names = ["env/app.env", "env/db.env", "env/vault.env", "env/knowledge.env", ".env", "conf/app.env", "conf/db.env", "conf/vault.env", "conf/.env"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _set = new(StringComparer.Ordinal);
    private readonly List<string> _unreadable = [];

    private EnvironmentFiles()
    {
    }

    /// <summary>Files that are there and may not be read.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>Reads those of an installation.</summary>
    public static EnvironmentFiles Read(string folder, IHostView host)
    {
        var files = new EnvironmentFiles();
        foreach (var path in Names.Select(n => Path.Join(folder, n)).Where(host.FileExists))
        {
            try
            {
                files.Take(Encoding.UTF8.GetString(host.ReadFile(path)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                files._unreadable.Add(path);
            }
        }
        return files;
    }

    /// <summary>The value of a name that never holds a secret, or null.</summary>
    public string? Value(string name) => _values.GetValueOrDefault(name);

    /// <summary>Whether a name has a value in a file that could be read.</summary>
    public bool IsSet(string name) => _set.Contains(name);

    private void Take(string text)
    {
        foreach (var line in text.Split('\n').Select(l => l.Trim()))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line[0] == '#')
            {
                continue;
            }
            var name = line[..equals].Trim();
            name = name.StartsWith("export ", StringComparison.Ordinal) ? name[7..].TrimStart() : name;
            var value = line[(equals + 1)..].Trim();
            value = value is ['"' or '\'', .., _] && value[0] == value[^1] ? value[1..^1] : value;
            if (value.Length > 0 && _set.Add(name) && Plain.Contains(name))
            {
                _values[name] = value;
            }
        }
    }
}
