using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>
/// Key files on disk that fail at a chosen write: before it, after it, or (an append) within it. From then on every write fails, as after a crash.
/// </summary>
internal sealed class FaultyKeyFiles(IKeyFiles inner) : IKeyFiles
{
    private int _writes;

    /// <summary>Writes so far.</summary>
    public int Writes => _writes;
    /// <summary>Number of the write that fails, from 1; 0 for none.</summary>
    public int FailAt { get; set; }
    /// <summary>Whether the failing write is done before the failure shows.</summary>
    public bool DoIt { get; set; }
    /// <summary>How many bytes of a failing append reach the disk.</summary>
    public int TornBytes { get; set; }
    /// <summary>Called before each write with its path.</summary>
    public Action<string>? Watch { get; set; }
    /// <summary>Called after each listing with its folder, before it is given.</summary>
    public Action<string>? Listed { get; set; }

    public byte[]? Read(string path, long offset = 0) => inner.Read(path, offset);

    public IReadOnlyList<string>? List(string folder)
    {
        var names = inner.List(folder);
        Listed?.Invoke(folder);
        return names;
    }

    public bool IsExposed(string path) => inner.IsExposed(path);

    public ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel) => inner.LockAsync(path, cancel);

    public void MakeFolder(string path) => inner.MakeFolder(path);

    public bool Create(string path, ReadOnlySpan<byte> content)
    {
        if (Fails(path))
        {
            if (DoIt)
            {
                inner.Create(path, content);
            }
            throw Crash(path);
        }
        return inner.Create(path, content);
    }

    public void Replace(string path, ReadOnlySpan<byte> content)
    {
        if (Fails(path))
        {
            if (DoIt)
            {
                inner.Replace(path, content);
            }
            throw Crash(path);
        }
        inner.Replace(path, content);
    }

    public void Append(string path, long length, ReadOnlySpan<byte> content)
    {
        if (Fails(path))
        {
            inner.Append(path, length, DoIt ? content : content[..Math.Min(TornBytes, content.Length)]);
            throw Crash(path);
        }
        inner.Append(path, length, content);
    }

    public void Rename(string path, string newPath)
    {
        if (Fails(newPath))
        {
            if (DoIt)
            {
                inner.Rename(path, newPath);
            }
            throw Crash(path);
        }
        inner.Rename(path, newPath);
    }

    public void Delete(string path)
    {
        if (Fails(path))
        {
            if (DoIt)
            {
                inner.Delete(path);
            }
            throw Crash(path);
        }
        inner.Delete(path);
    }

    public void Destroy(string path)
    {
        if (Fails(path))
        {
            if (DoIt)
            {
                inner.Destroy(path);
            }
            throw Crash(path);
        }
        inner.Destroy(path);
    }

    private bool Fails(string path)
    {
        Watch?.Invoke(path);
        return ++_writes == FailAt || (FailAt > 0 && _writes > FailAt && DieOn());
    }

    private bool DieOn()
    {
        // After the failure nothing reaches the disk any more.
        DoIt = false;
        TornBytes = 0;
        return true;
    }

    private static StingException Crash(string path) => new("KeyFileUnavailable", FailureKind.Io, $"'{path}': the disk is gone (test)", path, "None.");
}
