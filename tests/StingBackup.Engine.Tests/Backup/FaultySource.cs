using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>A source whose files can be made unreadable, or changed right after they were opened.</summary>
internal sealed class FaultySource(ISourceTree inner) : ISourceTree
{
    public Func<string, bool> Unreadable { get; init; } = _ => false;
    public Action<string> Opened { get; init; } = _ => { };

    public string Location => inner.Location;

    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) => inner.Scan(choose, failed, cancel);

    public ItemMetadata ReadMetadata(SourceEntry entry) => inner.ReadMetadata(entry);

    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        Check(entry);
        return inner.ReadSmall(entry, buffer, out stamp);
    }

    public ISourceFile Open(SourceEntry entry)
    {
        Check(entry);
        return new File(inner.Open(entry), () => Opened(entry.Path.ToString()));
    }

    public void Dispose() => inner.Dispose();

    private void Check(SourceEntry entry)
    {
        if (Unreadable(entry.Path.ToString()))
        {
            throw new StingException("SourceItemUnreadable", FailureKind.Io, $"'{entry.Path}' cannot be read: input/output error.", entry.Path.ToString(), "Check the disk.");
        }
    }

    private sealed class File(ISourceFile inner, Action afterFirstStamp) : ISourceFile
    {
        private bool _stamped;

        public FileStamp Stamp()
        {
            var stamp = inner.Stamp();
            if (!_stamped)
            {
                _stamped = true;
                afterFirstStamp();
            }
            return stamp;
        }

        public IReadOnlyList<DataRange> DataRanges() => inner.DataRanges();
        public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);
        public void Dispose() => inner.Dispose();
    }
}
