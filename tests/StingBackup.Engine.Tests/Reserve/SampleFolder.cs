using System.Security.Cryptography;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

/// <summary>A folder for one test, gone with it.</summary>
internal sealed class SampleFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sting-sample-").FullName;

    public string Of(string name) => Path.Join(_root, name);

    /// <summary>Path to "length time content" of every file below a folder. Names that .NET cannot say and files over 1 GB stand with their length alone.</summary>
    public static SortedDictionary<string, string> Listing(string root)
    {
        var listing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Files(root))
        {
            var info = new FileInfo(path);
            var content = info.Exists && info.Length < 1 << 30 ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "";
            listing.Add(Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'), info.Exists ? $"{info.Length} {info.LastWriteTimeUtc:O} {content}" : "");
        }
        return listing;
    }

    public static IEnumerable<string> Files(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });

    public void Dispose() => SampleReserve.Remove(_root);
}
