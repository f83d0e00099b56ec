using System.Text;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>How a line of running text is dressed: what stands before and after it, and how many words it has.</summary>
internal sealed record ProseLine(byte[] Before, byte[] After, int MinWords, int MaxWords)
{
    public ProseLine(string before, string after, int minWords, int maxWords)
        : this(Encoding.UTF8.GetBytes(before), Encoding.UTF8.GetBytes(after), minWords, maxWords)
    {
    }
}

/// <summary>
/// Running text: words drawn by Zipf's law, sentences, now and then a number or a name that no list holds. Compresses like office text, about 3:1,
/// and does not repeat itself, so a chunker finds nothing to share between two texts. Fast enough not to be what a fixture waits for.
/// </summary>
internal sealed class Prose
{
    private const int Slot = 32;
    private const int LongestToken = Slot + 2;
    private static readonly string[] Syllables =
        ["ba", "bel", "cor", "da", "dro", "el", "fa", "gan", "hu", "is", "jo", "ka", "lin", "mar", "ne", "or", "pas", "qui", "ro", "sen", "tam", "ul", "vor", "wen", "xi", "yu", "zan", "the", "mi", "gra", "lo", "der"];

    private readonly byte[] _words;
    private readonly byte[] _lengths;
    private readonly ushort[] _byFrequency = new ushort[1 << 16];

    private Prose(IReadOnlyList<string> words)
    {
        _words = new byte[words.Count * Slot];
        _lengths = new byte[words.Count];
        for (var i = 0; i < words.Count; i++)
        {
            _lengths[i] = (byte)Encoding.ASCII.GetBytes(words[i], _words.AsSpan(i * Slot, Slot));
        }
        FillByFrequency(words.Count);
    }

    /// <summary>The one built from <see cref="SampleWords"/>; holds no state that changes.</summary>
    public static Prose English { get; } = new(WithPhrases());

    /// <summary>Fills the whole buffer with lines dressed as told; the last one is cut where the buffer ends.</summary>
    public void Fill(Span<byte> buffer, SampleRandom random, IReadOnlyList<ProseLine> lines)
    {
        while (buffer.Length > 0)
        {
            var line = random.Pick(lines);
            buffer = Put(buffer, line.Before);
            buffer = FillWords(buffer, random, random.Between(line.MinWords, line.MaxWords));
            buffer = Put(buffer, line.After);
        }
    }

    /// <summary>One word, the frequent ones as rare as any other: for names.</summary>
    public static string NextWord(SampleRandom random) => SampleWords.All[random.Between(150, SampleWords.All.Count - 1)];

    private Span<byte> FillWords(Span<byte> buffer, SampleRandom random, int words)
    {
        var sentence = 0;
        Span<byte> token = stackalloc byte[LongestToken];
        while (words > 0 && buffer.Length > 0)
        {
            // One draw serves three words: 16 bits choose each; the last 16 choose what is out of the ordinary.
            var draw = random.NextUInt64();
            var turns = (uint)(draw >> 48);
            for (var k = 0; k < 3 && words > 0 && buffer.Length > 0; k++, words--)
            {
                int length;
                if (k == 0 && turns >> 12 == 0)
                {
                    length = PutRare(token, random);
                }
                else
                {
                    var word = _byFrequency[(ushort)(draw >> 16 * k)];
                    length = _lengths[word];
                    _words.AsSpan(word * Slot, Slot).CopyTo(token);
                }
                var turn = turns >> 5 * k & 31;
                if (sentence == 0 && token[0] >= 'a')
                {
                    token[0] -= 32;
                }
                sentence++;
                if (words == 1 || (sentence > 5 && turn < 3))
                {
                    token[length++] = (byte)'.';
                    sentence = 0;
                }
                else if (turn == 31)
                {
                    token[length++] = (byte)',';
                }
                if (words > 1)
                {
                    token[length++] = (byte)' ';
                }
                buffer = Put(buffer, token[..length]);
            }
        }
        return buffer;
    }

    // A number, a date or a name out of syllables: what keeps real text from compressing as well as a word list would.
    private static int PutRare(Span<byte> token, SampleRandom random)
    {
        var draw = random.NextUInt64();
        if ((draw & 3) == 0)
        {
            (draw >> 2 & 0xFFFFF).TryFormat(token, out var digits, provider: System.Globalization.CultureInfo.InvariantCulture);
            return digits;
        }
        var length = 0;
        for (var i = 2 + (int)(draw >> 2 & 1); i > 0; i--)
        {
            draw >>= 5;
            length += Encoding.ASCII.GetBytes(Syllables[draw & 31], token[length..]);
        }
        token[0] -= 32;
        return length;
    }

    private static Span<byte> Put(Span<byte> buffer, scoped ReadOnlySpan<byte> bytes)
    {
        var length = Math.Min(buffer.Length, bytes.Length);
        bytes[..length].CopyTo(buffer);
        return buffer[length..];
    }

    // One phrase among every nine words: about as frequent as the words around it.
    private static List<string> WithPhrases()
    {
        const int Every = 9;
        var tokens = SampleWords.All.ToList();
        for (var i = 0; i < SampleWords.Phrases.Count; i++)
        {
            tokens.Insert((i + 1) * Every, SampleWords.Phrases[i]);
        }
        return tokens;
    }

    // Zipf-Mandelbrot: the r-th word has the weight 1 / (r + 2.7).
    private void FillByFrequency(int count)
    {
        var total = 0.0;
        for (var i = 0; i < count; i++)
        {
            total += 1 / (i + 2.7);
        }
        var sum = 0.0;
        var next = 0;
        for (var i = 0; i < count; i++)
        {
            sum += 1 / (i + 2.7);
            for (var end = (int)Math.Round(sum / total * _byFrequency.Length); next < end; next++)
            {
                _byFrequency[next] = (ushort)i;
            }
        }
    }
}
