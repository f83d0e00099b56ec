using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository.Parity;

namespace StingBackup.Engine.Tests.Repository.Parity;

/// <summary>The parity of one pack: what may be lost and comes back, what may not and is refused.</summary>
public sealed class PackParityTests
{
    private const int Piece = ParityLayout.Piece;

    [Fact]
    public void Each_way_to_compute_gives_the_same_bytes()
    {
        var random = new Random(16);
        byte[] source = new byte[1003], start = new byte[1003];
        random.NextBytes(source);
        random.NextBytes(start);
        for (var factor = 0; factor < 256; factor++)
        {
            byte[] expected = [.. start.Zip(source, (a, b) => (byte)(a ^ Gf256.Multiply((byte)factor, b)))];
            byte[] byBytes = [.. start], byTables = [.. start], chosen = [.. start];
            GaloisRows.ByBytes((byte)factor, source, byBytes);
            GaloisRows.AddMultiple((byte)factor, source, chosen);
            Assert.Equal(expected, byBytes);
            Assert.Equal(expected, chosen);
            if (Vector128.IsHardwareAccelerated)
            {
                Assert.Equal(1003 / 16 * 16, GaloisRows.ByTables((byte)factor, source, byTables));
                Assert.Equal(expected[..992], byTables[..992]);
                Assert.Equal(start[992..], byTables[992..]);
            }
            if (Gfni.V512.IsSupported)
            {
                byte[] byInstruction = [.. start];
                Assert.Equal(960, GaloisRows.ByInstruction((byte)factor, source, byInstruction));
                Assert.Equal(expected[..960], byInstruction[..960]);
            }
        }
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(Piece, 5)]
    [InlineData((40 * Piece) + 1, 5)]
    [InlineData((500 * Piece) + 77, 5)]
    [InlineData(300 * Piece, 20)]
    public void Each_number_of_lost_pieces_up_to_the_bound_comes_back_and_one_more_does_not(int length, int percent)
    {
        var (name, pack) = NewPack(length);
        var layout = ParityLayout.Of(length, percent);
        var parity = PackParity.Read(PackParity.NameOf(name), PackParity.Make(name, pack, percent));
        int[] of = [.. Enumerable.Range(0, layout.Pieces).Where(p => p % layout.Groups == layout.Groups - 1)];
        for (var lost = 0; lost <= Math.Min(layout.Spares, of.Length); lost++)
        {
            // Drawn from one group, and that many of each other group too.
            Assert.Equal(pack, Recover(parity, name, pack, [.. Enumerable.Range(0, layout.Groups).SelectMany(g => Draw(layout, g, lost))]));
        }
        if (of.Length > layout.Spares)
        {
            var refused = Assert.Throws<StingException>(() => Recover(parity, name, pack, [.. Draw(layout, 0, layout.Spares + 1)]));
            Assert.Equal(("ObjectDamaged", name), (refused.ErrorId, refused.Target));
            Assert.Contains($"{layout.Spares + 1} of the pieces", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_lost_stretch_of_64_KiB_comes_back_wherever_it_begins()
    {
        foreach (var length in (int[])[30_000, 70_000, 1_000_000, 3_000_001])
        {
            var (name, pack) = NewPack(length);
            var parity = PackParity.Read(PackParity.NameOf(name), PackParity.Make(name, pack, 1));
            foreach (var at in (int[])[0, 1, Piece - 1, length / 3, Math.Max(0, length - 65_536)])
            {
                byte[] hurt = [.. pack];
                hurt.AsSpan(at, Math.Min(65_536, length - at)).Fill(0xEE);
                parity.Recover(name, hurt, static (_, _) => false);
                Assert.Equal(pack, hurt);
            }
        }
    }

    [Fact]
    public void Bits_that_flip_all_over_come_back()
    {
        var (name, pack) = NewPack(4_000_000);
        var layout = ParityLayout.Of(pack.Length, 5);
        var parity = PackParity.Read(PackParity.NameOf(name), PackParity.Make(name, pack, 5));
        byte[] hurt = [.. pack];
        foreach (var piece in Enumerable.Range(0, layout.Groups).SelectMany(g => Draw(layout, g, layout.Spares)))
        {
            hurt[(piece * Piece) + (piece * 31 % Piece)] ^= 4;
        }
        parity.Recover(name, hurt, static (_, _) => false);
        Assert.Equal(pack, hurt);
    }

    [Fact]
    public void A_parity_that_is_damaged_itself_gives_what_is_left_of_it()
    {
        var (name, pack) = NewPack(2_000_000);
        var layout = ParityLayout.Of(pack.Length, 5);
        var sidecar = PackParity.NameOf(name);
        var bytes = PackParity.Make(name, pack, 5);
        PackParity.Check(sidecar, bytes);
        // Of each group's pieces one is lost, one cut off at the end.
        byte[] hurt = bytes[..^10];
        foreach (var group in Enumerable.Range(0, layout.Groups))
        {
            hurt[bytes.Length - ((layout.SpareCount - group) * Piece) + 99] ^= 1;
        }
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => PackParity.Check(sidecar, hurt)).ErrorId);
        var left = PackParity.Read(sidecar, hurt);
        Assert.Equal(pack, Recover(left, name, pack, Draw(layout, layout.Groups - 1, layout.Spares - 2)));
        Assert.Equal(pack, Recover(left, name, pack, Draw(layout, 0, layout.Spares - 1)));
        Assert.Throws<StingException>(() => Recover(left, name, pack, Draw(layout, layout.Groups - 1, layout.Spares - 1)));
    }

    [Fact]
    public void A_head_that_is_not_whole_and_a_parity_of_another_pack_are_refused()
    {
        var (name, pack) = NewPack(100_000);
        var bytes = PackParity.Make(name, pack, 5);
        var sidecar = PackParity.NameOf(name);
        for (var at = 0; at < 200; at++)
        {
            byte[] hurt = [.. bytes];
            hurt[at] ^= 0x10;
            var refused = Assert.Throws<StingException>(() => PackParity.Read(sidecar, hurt));
            Assert.True(refused.ErrorId is "ObjectDamaged" or "FormatTooNew" && refused.Target == sidecar);
        }
        for (var length = 0; length < bytes.Length - (ParityLayout.Of(pack.Length, 5).SpareCount * Piece); length += 7)
        {
            Assert.Throws<StingException>(() => PackParity.Read(sidecar, bytes.AsMemory(0, length)));
        }
        Assert.Throws<StingException>(() => PackParity.Read(PackParity.NameOf(NewPack(100_000).Name), bytes));
        Assert.Throws<StingException>(() => PackParity.Check(sidecar, (byte[])[.. bytes, 0]));
    }

    [Fact]
    public void A_parity_that_lies_never_makes_a_wrong_pack()
    {
        var (name, pack) = NewPack(500_000);
        var bytes = PackParity.Make(name, pack, 5);
        var layout = ParityLayout.Of(pack.Length, 5);
        // Another content of a piece of parity, with checksums that fit.
        var first = bytes.Length - (layout.SpareCount * Piece);
        bytes[first + 7] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(first - 4 - (4 * layout.SpareCount)), Crc32.HashToUInt32(bytes.AsSpan(first, Piece)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(first - 4), Crc32.HashToUInt32(bytes.AsSpan(0, first - 4)));
        PackParity.Check(PackParity.NameOf(name), bytes);
        var refused = Assert.Throws<StingException>(() => Recover(PackParity.Read(PackParity.NameOf(name), bytes), name, pack, [0]));
        Assert.Contains("not what its name says", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(33_554_432, 5)]
    [InlineData(33_554_432, 1)]
    [InlineData(33_554_432, 50)]
    [InlineData(134_217_728, 10)]
    [InlineData(8_388_608, 5)]
    public void A_layout_takes_about_what_was_asked_for(long length, int percent)
    {
        var layout = ParityLayout.Of(length, percent);
        Assert.True(layout.IsPossible);
        Assert.InRange(layout.SpareCount, layout.Pieces * (percent - 0.5) / 100, layout.Pieces * (percent + 0.5) / 100);
    }

    /// <summary>Written from the page on the format alone: <c>tests/independent/parity.py</c>.</summary>
    [PythonFact]
    public void An_independent_program_mends_a_pack_by_what_this_one_wrote()
    {
        using var folder = new TempFolder();
        foreach (var length in (int[])[5000, (300 * Piece) + 9])
        {
            var (name, pack) = NewPack(length);
            var layout = ParityLayout.Of(length, 5);
            byte[] hurt = [.. pack];
            foreach (var piece in Enumerable.Range(0, layout.Groups).SelectMany(g => Draw(layout, g, layout.Spares)))
            {
                hurt[piece * Piece] ^= 1;
            }
            string[] files = [Path.Combine(folder.Path, "pack"), Path.Combine(folder.Path, "parity"), Path.Combine(folder.Path, "out")];
            File.WriteAllBytes(files[0], hurt);
            File.WriteAllBytes(files[1], PackParity.Make(name, pack, 5));
            using var process = Process.Start(new ProcessStartInfo(PythonFactAttribute.Python, [Path.Combine(AppContext.BaseDirectory, "independent", "parity.py"), .. files]) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error);
            Assert.Equal(pack, File.ReadAllBytes(files[2]));
        }
    }

    /// <summary>A pack's pieces are drawn so that the choice differs with the number.</summary>
    private static int[] Draw(ParityLayout layout, int group, int count)
    {
        int[] all = [.. Enumerable.Range(0, layout.Pieces).Where(p => p % layout.Groups == group)];
        new Random((group * 1000) + count).Shuffle(all);
        return all[..Math.Min(count, all.Length)];
    }

    private static byte[] Recover(PackParity parity, string name, byte[] pack, int[] lost)
    {
        byte[] hurt = [.. pack];
        foreach (var piece in lost)
        {
            hurt.AsSpan(piece * Piece, Math.Min(Piece, pack.Length - (piece * Piece))).Clear();
        }
        // Half of them are told to be unreadable, the others found by their checksums.
        parity.Recover(name, hurt, (offset, _) => offset / Piece % 2 == 0 && lost.Contains(offset / Piece));
        return hurt;
    }

    private static (string Name, byte[] Pack) NewPack(int length)
    {
        var pack = new byte[length];
        new Random(length).NextBytes(pack);
        pack[0] = (byte)(s_packs++ | 1);
        var id = Convert.ToHexStringLower(SHA256.HashData(pack));
        return ($"data/{id[..2]}/{id}", pack);
    }

    private static int s_packs;

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PythonFactAttribute : FactAttribute
    {
        public const string Python = "/usr/bin/python3";

        public PythonFactAttribute() => Skip = File.Exists(Python) ? null : "Python is not installed.";
    }
}
