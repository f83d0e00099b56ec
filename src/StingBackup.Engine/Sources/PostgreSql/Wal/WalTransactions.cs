using System.Buffers.Binary;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>The end of a transaction in the log.</summary>
/// <param name="IsCommit">True for a commit, false for a rollback.</param>
/// <param name="Time">The server's time, by which recovery to a moment stops.</param>
public readonly record struct WalTransactionEnd(bool IsCommit, DateTimeOffset Time);

/// <summary>
/// Finds the ends of transactions in a log, as PostgreSQL writes it since 12: pages of 8 KiB, records that go on from page to page. Recovery to a moment needs a transaction behind that moment;
/// where there is none, the end of the log is the state of that moment, and only reading the log tells which it is.
/// </summary>
public sealed class WalTransactions
{
    private const int PageSize = 8192, ShortHeader = 24, LongHeader = 40, RecordHeader = 24;
    private const ushort ContinuesRecord = 1, IsLong = 2, OverwritesRecord = 8;
    private const byte TransactionManager = 1, Commit = 0x00, Abort = 0x20, CommitPrepared = 0x30, AbortPrepared = 0x40, OperationMask = 0x70;
    /// <summary>Longer ones are no ends of transactions that anybody could remember.</summary>
    private const int MostKept = 16 << 20;
    /// <summary>PostgreSQL counts from 2000.</summary>
    private const long LastMicrosecond = 200L * 366 * 24 * 3600 * 1_000_000;
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] _page = new byte[PageSize];
    private readonly List<byte> _record = [];
    private ulong _pageStart;
    private int _filled, _done;
    private long _left;
    private bool _inStep;

    /// <summary>False when something in the log was not understood: then an end of a transaction may have been passed over.</summary>
    public bool IsUnderstood { get; private set; } = true;

    /// <summary>Reads a log that begins at a page's start.</summary>
    public IEnumerable<WalTransactionEnd> Read(IEnumerable<WalStretch> stretches)
    {
        ArgumentNullException.ThrowIfNull(stretches);
        var begun = false;
        var found = new List<WalTransactionEnd>();
        foreach (var stretch in stretches)
        {
            var bytes = stretch.Bytes;
            if (!begun)
            {
                var skip = (int)Math.Min((ulong)bytes.Length, (PageSize - stretch.Start.Value % PageSize) % PageSize);
                bytes = bytes[skip..];
                _pageStart = stretch.Start.Value + (ulong)skip;
                begun = bytes.Length > 0;
            }
            while (bytes.Length > 0)
            {
                var taken = Math.Min(bytes.Length, PageSize - _filled);
                bytes[..taken].CopyTo(_page.AsMemory(_filled));
                _filled += taken;
                bytes = bytes[taken..];
                Advance(found);
                if (_filled == PageSize)
                {
                    _pageStart += PageSize;
                    (_filled, _done) = (0, 0);
                }
            }
            foreach (var end in found)
            {
                yield return end;
            }
            found.Clear();
        }
    }

    /// <summary>Takes what of the page has come and was not looked at.</summary>
    private void Advance(List<WalTransactionEnd> found)
    {
        if (_done == 0 && !TryEnterPage())
        {
            return;
        }
        while (_inStep && _done < _filled)
        {
            if (_left > 0)
            {
                Take((int)Math.Min(_left, _filled - _done), found);
                continue;
            }
            _done = (_done + 7) & ~7;
            if (_done + 4 > _filled)
            {
                return;   // records begin at multiples of 8, and so do pages end
            }
            var length = BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(_done));
            if (length == 0)
            {
                _inStep = false;   // the rest of a segment after a switch is empty
                return;
            }
            if (length < RecordHeader)
            {
                (_inStep, IsUnderstood) = (false, false);
                return;
            }
            _left = length;
            _record.Clear();
        }
    }

    /// <summary>Reads the page's header, and finds where its first record begins; false when more of it must come first, or nothing of it can be used.</summary>
    private bool TryEnterPage()
    {
        if (_filled < LongHeader)
        {
            return false;
        }
        var info = BinaryPrimitives.ReadUInt16LittleEndian(_page.AsSpan(2));
        var rest = BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(16));
        if (BinaryPrimitives.ReadUInt64LittleEndian(_page.AsSpan(8)) != _pageStart)
        {
            // Zeros are the rest of a segment after a switch; anything else is not understood.
            IsUnderstood &= _page.AsSpan(0, ShortHeader).IndexOfAnyExcept((byte)0) < 0;
            (_inStep, _left, _done) = (false, 0, PageSize);
            return false;
        }
        if ((info & IsLong) != 0 && BinaryPrimitives.ReadUInt32LittleEndian(_page.AsSpan(36)) != PageSize)
        {
            (_inStep, IsUnderstood, _done) = (false, false, PageSize);
            return false;
        }
        var header = (info & IsLong) != 0 ? LongHeader : ShortHeader;
        if ((info & ContinuesRecord) != 0)
        {
            if (_inStep && _left > 0)
            {
                IsUnderstood &= rest == _left;
                _left = rest;
                _done = header;
            }
            else if (rest <= PageSize - header)
            {
                // The end of a record whose beginning lies before the log that is read.
                (_inStep, _left, _done) = (true, 0, (int)(header + rest));
            }
            else
            {
                (_inStep, _left, _done) = (false, 0, PageSize);
                return false;
            }
            return true;
        }
        // After a crash the server writes over a record that was never whole.
        IsUnderstood &= _left == 0 || (info & OverwritesRecord) != 0;
        (_inStep, _left, _done) = (true, 0, header);
        _record.Clear();
        return true;
    }

    private void Take(int count, List<WalTransactionEnd> found)
    {
        var isHead = _record.Count < RecordHeader;
        count = isHead ? Math.Min(count, RecordHeader - _record.Count) : count;
        if (isHead || (_record[17] == TransactionManager && _record.Count < MostKept))
        {
            _record.AddRange(_page.AsSpan(_done, count));
        }
        _done += count;
        _left -= count;
        if (_left == 0 && _record.Count < RecordHeader)
        {
            IsUnderstood = false;   // a page said that less of it was left
        }
        else if (_left == 0 && _record[17] == TransactionManager && TryReadEnd() is { } end)
        {
            found.Add(end);
        }
    }

    /// <summary>The record's main data begin with the moment; their length stands last among the heads of its parts.</summary>
    private WalTransactionEnd? TryReadEnd()
    {
        var operation = (byte)(_record[16] & OperationMask);
        if (operation is not (Commit or Abort or CommitPrepared or AbortPrepared))
        {
            return null;
        }
        var record = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_record);
        for (var at = RecordHeader; at < record.Length;)
        {
            switch (record[at])
            {
                case 255 when at + 2 <= record.Length:   // main data, short
                    return End(operation, record, record[at + 1]);
                case 254 when at + 5 <= record.Length:   // main data, long
                    return End(operation, record, BinaryPrimitives.ReadUInt32LittleEndian(record[(at + 1)..]));
                case 253:                                // where a replicated one came from
                    at += 3;
                    continue;
                case 252:                                // the transaction above a part of one
                    at += 5;
                    continue;
            }
            break;
        }
        IsUnderstood = false;
        return null;
    }

    private WalTransactionEnd? End(byte operation, ReadOnlySpan<byte> record, uint length)
    {
        if (length < 8 || length > record.Length - RecordHeader)
        {
            IsUnderstood = false;
            return null;
        }
        var microseconds = BinaryPrimitives.ReadInt64LittleEndian(record[(record.Length - (int)length)..]);
        if (microseconds is < 0 or > LastMicrosecond)
        {
            IsUnderstood = false;
            return null;
        }
        return new WalTransactionEnd(operation is Commit or CommitPrepared, Epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond));
    }
}
