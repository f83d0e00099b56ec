using System.Security.Cryptography;

namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>The inputs that are kept of a target: a file each, named by its content; what once broke something starts with <c>regress-</c>.</summary>
internal static class Corpus
{
    private const int MostFiles = 10, MostBytes = 7 << 10;

    /// <summary>Beside the program.</summary>
    public static string Shipped { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures", "fuzz");

    public static IEnumerable<(string Name, byte[] Bytes)> Read(string root, string target)
    {
        var folder = Path.Combine(root, target);
        return Directory.Exists(folder) ? Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(p => (Path.GetFileName(p), File.ReadAllBytes(p))) : [];
    }

    /// <summary>Puts what is worth keeping in the place of what was kept: few and short inputs that together take all edges, as far as there is room. Regressions stay.</summary>
    public static void Save(string root, string target, IEnumerable<(byte[] Input, HashSet<int> Edges)> found)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, target)).FullName;
        foreach (var old in Directory.GetFiles(folder).Where(p => !Path.GetFileName(p).StartsWith("regress-", StringComparison.Ordinal)))
        {
            File.Delete(old);
        }
        var left = found.ToList();
        var taken = new HashSet<int>();
        var room = MostBytes;
        for (var files = 0; files < MostFiles; files++)
        {
            var best = left.Where(f => files == 0 || f.Input.Length <= room).OrderByDescending(f => (double)f.Edges.Count(e => !taken.Contains(e)) / (f.Input.Length + 64)).FirstOrDefault();
            if (best.Input is null || (files > 0 && best.Edges.IsSubsetOf(taken)))
            {
                return;
            }
            taken.UnionWith(best.Edges);
            room -= best.Input.Length;
            File.WriteAllBytes(Path.Combine(folder, NameOf(best.Input)), best.Input);
        }
    }

    public static string NameOf(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input))[..12];
}
