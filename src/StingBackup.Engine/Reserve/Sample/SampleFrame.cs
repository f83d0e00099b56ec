using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>What makes a file look like its kind to a program that only looks: header, footer, and the length left for the body.</summary>
internal sealed class SampleFrame
{
    private readonly Func<uint, byte[]> _footer;

    private SampleFrame(byte[] header, long length, int footerLength, Func<uint, byte[]> footer)
    {
        Header = header;
        BodyLength = length - header.Length - footerLength;
        _footer = footer;
    }

    public byte[] Header { get; }

    public long BodyLength { get; }

    /// <summary>True when the footer holds the body's CRC-32.</summary>
    public bool Checksummed { get; private init; }

    /// <summary>What the checksum covers before the body.</summary>
    public byte[] ChecksumStart { get; private init; } = [];

    public byte[] Footer(uint checksum) => _footer(checksum);

    /// <summary>The frame of a file of <paramref name="length"/> bytes in all, at least <see cref="SampleContent.MinLength"/>.</summary>
    public static SampleFrame Of(SampleFileKind kind, long length, SampleRandom random) => kind switch
    {
        SampleFileKind.Pdf => PdfFrame(length, filter: ""),
        SampleFileKind.ScannedPdf => PdfFrame(length, filter: " /Filter /FlateDecode"),
        SampleFileKind.Jpeg => Plain(JpegHeader(random), length, [0xFF, 0xD9]),
        SampleFileKind.Png => PngFrame(length, random),
        SampleFileKind.Xlsx => ZipFrame(length, "xl/media/image1.png"),
        SampleFileKind.Docx => ZipFrame(length, "word/media/image1.jpeg"),
        SampleFileKind.Csv => Plain("id,date,customer,item,amount,group,paid\n"u8.ToArray(), length, []),
        SampleFileKind.Json => Plain("[\n"u8.ToArray(), length, "\n]\n"u8.ToArray()),
        SampleFileKind.Html => Plain("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Sample</title></head>\n<body>\n"u8.ToArray(), length, "\n</body>\n</html>\n"u8.ToArray()),
        SampleFileKind.Markdown => Plain(Encoding.ASCII.GetBytes($"# {Prose.NextWord(random)} {Prose.NextWord(random)}\n\n"), length, "\n"u8.ToArray()),
        _ => Plain([], length, "\n"u8.ToArray()),
    };

    private static SampleFrame Plain(byte[] header, long length, byte[] footer) => new(header, length, footer.Length, _ => footer);

    private static SampleFrame PdfFrame(long length, string filter)
    {
        // The body's length is ten digits wide, so that the frame's own length does not depend on it.
        string Header(long body) => string.Create(CultureInfo.InvariantCulture,
            $"""
            %PDF-1.7
            1 0 obj
            << /Type /Catalog /Pages 2 0 R >>
            endobj
            2 0 obj
            << /Type /Pages /Kids [3 0 R] /Count 1 >>
            endobj
            3 0 obj
            << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>
            endobj
            4 0 obj
            << /Length {body,10}{filter} >>
            stream

            """).ReplaceLineEndings("\n");
        var headerLength = Header(0).Length;
        string Footer(long body) => string.Create(CultureInfo.InvariantCulture,
            $"\nendstream\nendobj\ntrailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{headerLength + body,10}\n%%EOF\n");
        var bodyLength = length - headerLength - Footer(0).Length;
        var footer = Encoding.ASCII.GetBytes(Footer(bodyLength));
        return Plain(Encoding.ASCII.GetBytes(Header(bodyLength)), length, footer);
    }

    private static byte[] JpegHeader(SampleRandom random)
    {
        var header = new MemoryStream();
        header.Write([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F', (byte)'I', (byte)'F', 0, 1, 1, 0, 0, 72, 0, 72, 0, 0]);
        header.Write([0xFF, 0xDB, 0, 67, 0]);
        for (var i = 0; i < 64; i++)
        {
            header.WriteByte((byte)(3 + i / 2));
        }
        int height = random.Between(480, 4000), width = random.Between(640, 6000);
        header.Write([0xFF, 0xC0, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0]);
        header.Write([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
        return header.ToArray();
    }

    private static SampleFrame PngFrame(long length, SampleRandom random)
    {
        var header = new byte[41];
        ReadOnlySpan<byte> signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];
        signature.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), 13);
        "IHDR"u8.CopyTo(header.AsSpan(12));
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(16), random.Between(64, 4000));
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(20), random.Between(64, 4000));
        header[24] = 8;
        header[25] = 2;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(29), System.IO.Hashing.Crc32.HashToUInt32(header.AsSpan(12, 17)));
        "IDAT"u8.CopyTo(header.AsSpan(37));
        byte[] end = [0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(33), (uint)(length - header.Length - 4 - end.Length));
        return new SampleFrame(header, length, 4 + end.Length, checksum =>
        {
            var footer = new byte[4 + end.Length];
            BinaryPrimitives.WriteUInt32BigEndian(footer, checksum);
            end.CopyTo(footer, 4);
            return footer;
        })
        { Checksummed = true, ChecksumStart = "IDAT"u8.ToArray() };
    }

    // A ZIP archive with one stored entry: opens in every archive program.
    private static SampleFrame ZipFrame(long length, string entry)
    {
        var name = Encoding.ASCII.GetBytes(entry);
        const ushort SizesFollow = 8;
        var local = new byte[30 + name.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034B50);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(4), 20);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(6), SizesFollow);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(12), 0x5821);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(26), (ushort)name.Length);
        name.CopyTo(local, 30);
        var footerLength = 16 + 46 + name.Length + 22;
        var body = (uint)(length - local.Length - footerLength);
        return new SampleFrame(local, length, footerLength, checksum =>
        {
            var footer = new byte[footerLength];
            BinaryPrimitives.WriteUInt32LittleEndian(footer, 0x08074B50);
            PutSizes(footer.AsSpan(4));
            var central = footer.AsSpan(16);
            BinaryPrimitives.WriteUInt32LittleEndian(central, 0x02014B50);
            BinaryPrimitives.WriteUInt16LittleEndian(central[4..], 20);
            local.AsSpan(4, 10).CopyTo(central[6..]);
            PutSizes(central[16..]);
            BinaryPrimitives.WriteUInt16LittleEndian(central[28..], (ushort)name.Length);
            name.CopyTo(central[46..]);
            var end = central[(46 + name.Length)..];
            BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054B50);
            BinaryPrimitives.WriteUInt16LittleEndian(end[8..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(end[10..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)(46 + name.Length));
            BinaryPrimitives.WriteUInt32LittleEndian(end[16..], (uint)(local.Length + body + 16));
            return footer;

            void PutSizes(Span<byte> target)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(target, checksum);
                BinaryPrimitives.WriteUInt32LittleEndian(target[4..], body);
                BinaryPrimitives.WriteUInt32LittleEndian(target[8..], body);
            }
        })
        { Checksummed = true };
    }
}
