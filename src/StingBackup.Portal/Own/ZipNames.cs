using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Portal.Own;

/// <summary>
/// Names within a zip that no program that unpacks it can be led astray by: relative, without <c>..</c>, drive letters, control characters or what Windows keeps for devices.
/// A name that had to be changed carries a mark of what it was, so that no two become one.
/// </summary>
internal static class ZipNames
{
    private const string Forbidden = "<>:\"|?*\\";
    private static readonly HashSet<string> Devices = new(["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(n => new[] { $"COM{n}", $"LPT{n}" })], StringComparer.OrdinalIgnoreCase);

    /// <summary>The name of a file within the zip of a selection.</summary>
    /// <param name="path">Its path within the reserve.</param>
    /// <param name="folder">The folder that all of the selection lies in; its own name is not part of the zip.</param>
    public static string Of(string path, string folder)
    {
        var inside = folder.Length > 0 && path.StartsWith(folder + "/", StringComparison.Ordinal) ? path[(folder.Length + 1)..] : path;
        return string.Join('/', inside.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Safe).DefaultIfEmpty("_"));
    }

    /// <summary>The folder that all paths lie directly or deeper in.</summary>
    public static string FolderOf(IReadOnlyList<string> paths)
    {
        var common = ParentOf(paths[0]);
        foreach (var path in paths)
        {
            while (common.Length > 0 && !path.StartsWith(common + "/", StringComparison.Ordinal))
            {
                common = ParentOf(common);
            }
        }
        return common;
    }

    private static string Safe(string name)
    {
        var safe = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            safe.Append(char.IsControl(c) || Forbidden.Contains(c, StringComparison.Ordinal) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format ? '_' : c);
        }
        var text = safe.ToString().TrimEnd('.', ' ');
        if (text.Length == 0 || Devices.Contains(text.Split('.')[0].TrimEnd()))
        {
            text = "_" + text;
        }
        return text == name ? name : $"{text}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4))}";
    }

    private static string ParentOf(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "";
}
