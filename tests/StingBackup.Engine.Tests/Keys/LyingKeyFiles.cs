using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Key files on a disk that says it wrote, and gives another last byte back; or says it destroyed, and has the file still.</summary>
internal sealed class LyingKeyFiles(IKeyFiles inner) : IKeyFiles
{
    /// <summary>Which files it lies about.</summary>
    public Func<string, bool> About { get; set; } = _ => false;

    public byte[]? Read(string path, long offset = 0) => inner.Read(path, offset);
    public bool Create(string path, ReadOnlySpan<byte> content) => inner.Create(path, Written(path, content));
    public void Replace(string path, ReadOnlySpan<byte> content) => inner.Replace(path, Written(path, content));
    public void Append(string path, long length, ReadOnlySpan<byte> content) => inner.Append(path, length, Written(path, content));
    public void Rename(string path, string newPath) => inner.Rename(path, newPath);
    public void Delete(string path) => inner.Delete(path);
    public IReadOnlyList<string>? List(string folder) => inner.List(folder);
    public void MakeFolder(string path) => inner.MakeFolder(path);
    public bool IsExposed(string path) => inner.IsExposed(path);
    public ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel) => inner.LockAsync(path, cancel);

    public void Destroy(string path)
    {
        if (!About(path))
        {
            inner.Destroy(path);
        }
    }

    private ReadOnlySpan<byte> Written(string path, ReadOnlySpan<byte> content)
    {
        if (!About(path))
        {
            return content;
        }
        var changed = content.ToArray();
        changed[^1] ^= 1;
        return changed;
    }
}
