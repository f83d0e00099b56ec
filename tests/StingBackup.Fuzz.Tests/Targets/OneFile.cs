using StingBackup.Engine.Keys;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>A place of key files that holds the same bytes under every name, and one name.</summary>
internal sealed class OneFile(byte[] bytes, string name = "1") : IKeyFiles
{
    public byte[]? Read(string path, long offset = 0) => [.. bytes.AsSpan((int)Math.Min(offset, bytes.Length))];

    public bool Create(string path, ReadOnlySpan<byte> content) => false;

    public IReadOnlyList<string>? List(string folder) => [name];

    public void Replace(string path, ReadOnlySpan<byte> content) { }

    public void Append(string path, long length, ReadOnlySpan<byte> content) { }

    public void Rename(string path, string newPath) { }

    public void Delete(string path) { }

    public void Destroy(string path) { }

    public void MakeFolder(string path) { }

    public bool IsExposed(string path) => false;

    public ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel) => throw new NotSupportedException();
}

/// <summary>Inputs as files, for parsers that open one; in memory where there is room.</summary>
internal static class Scratch
{
    private static readonly Lazy<TempFolder> Kept = new(() =>
    {
        var folder = new TempFolder(inMemory: true);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    });

    /// <summary>A folder of a target's own.</summary>
    public static string Folder(string name) => Directory.CreateDirectory(Kept.Value[name]).FullName;

    /// <summary>Writes a file; gives its path.</summary>
    public static string Write(string folder, string name, byte[] bytes)
    {
        var path = Path.Combine(Folder(folder), name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
