using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class GlobPatternTests
{
    private static bool Matches(string glob, string path, bool directory = false)
    {
        var patterns = GlobPattern.Parse(glob, out var problem);
        Assert.True(patterns is not null, problem);
        return patterns.Any(p =>
        {
            var state = p.Start;
            var bytes = EntryPath.Parse(path).Bytes;
            while (true)
            {
                var slash = bytes.IndexOf((byte)'/');
                state = p.Step(state, slash < 0 ? bytes : bytes[..slash]);
                var isMatch = p.IsMatch(state, slash >= 0 || directory);
                if (isMatch || slash < 0)
                {
                    return isMatch;
                }
                bytes = bytes[(slash + 1)..];
            }
        });
    }

    [Theory]
    [InlineData("*.log", "a.log")]
    [InlineData("*.log", "x/y/a.log")]
    [InlineData("node_modules", "x/node_modules/y/z")]
    [InlineData("/a", "a")]
    [InlineData("/a", "a/b/c")]
    [InlineData("a/b", "a/b")]
    [InlineData("a/b", "a/b/c")]
    [InlineData("a/*/c", "a/x/c")]
    [InlineData("a/**", "a/b")]
    [InlineData("a/**", "a/b/c")]
    [InlineData("**/a/**", "x/a/b")]
    [InlineData("**/a/**", "a/b")]
    [InlineData("a/**/z", "a/z")]
    [InlineData("a/**/z", "a/b/c/z")]
    [InlineData("a/**/**/z", "a/z")]
    [InlineData("**", "anything")]
    [InlineData("a?c", "abc")]
    [InlineData("a?c", "aüc")]
    [InlineData("a?c", @"a\xffc")]
    [InlineData("[a-c]x", "bx")]
    [InlineData("[!a-c]x", "dx")]
    [InlineData("[^a-c]x", "dx")]
    [InlineData("[]a]x", "]x")]
    [InlineData("[a-]x", "-x")]
    [InlineData("[ä-ö]x", "öx")]
    [InlineData("a*b*c", "aXXbYYc")]
    [InlineData("a*b*c", "abbbcbc")]
    [InlineData("*a", "aaaa")]
    [InlineData("a**b", "axxb")]
    [InlineData("{a,b}.txt", "b.txt")]
    [InlineData("{a,b{c,d}}", "bd")]
    [InlineData("x{,y}", "x")]
    [InlineData("{p/q,r}/s", "p/q/s")]
    [InlineData(@"\*", "*")]
    [InlineData(@"\{a,b\}", "{a,b}")]
    [InlineData("[{]a", "{a")]
    [InlineData("*.*", "a.b")]
    [InlineData("ü*", "über")]
    public void It_matches(string glob, string path) => Assert.True(Matches(glob, path));

    [Theory]
    [InlineData("*.log", "a.logs")]
    [InlineData("/a", "x/a")]
    [InlineData("a/b", "x/a/b")]
    [InlineData("a/*/c", "a/x/y/c")]
    [InlineData("a/**", "a")]
    [InlineData("a?c", "ac")]
    [InlineData("a?c", "abbc")]
    [InlineData("[a-c]x", "dx")]
    [InlineData("[!a-c]x", "bx")]
    [InlineData("A", "a")]
    [InlineData("*", "")]
    [InlineData("a*b*c", "aXXcYYb")]
    [InlineData("dir/", "dir")]
    [InlineData(@"\*", "x")]
    [InlineData("[!a]", @"ab")]
    public void It_does_not_match(string glob, string path) => Assert.False(path.Length > 0 && Matches(glob, path));

    [Fact]
    public void A_slash_at_the_end_means_folders_and_what_is_in_them()
    {
        Assert.True(Matches("dir/", "x/dir", directory: true));
        Assert.True(Matches("dir/", "x/dir/file"));
        Assert.False(Matches("dir/", "x/dir"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("./a")]
    [InlineData("[a")]
    [InlineData("[]")]
    [InlineData(@"a\")]
    [InlineData("{a,b")]
    [InlineData("{1,2,3,4,5,6,7}{1,2,3,4,5,6,7}{1,2,3,4,5,6,7}")]
    public void What_is_not_well_formed_is_refused_with_a_reason(string glob)
    {
        Assert.Null(GlobPattern.Parse(glob, out var problem));
        Assert.False(string.IsNullOrEmpty(problem));
    }

    [Fact]
    public void Too_many_components_are_refused() =>
        Assert.Null(GlobPattern.Parse(string.Join('/', Enumerable.Repeat("a", 61)), out _));

    [Fact]
    public void A_component_matches_as_a_plain_search_would()
    {
        // The slow way: try every length for a star.
        static bool Plain(string pattern, string name) =>
            pattern.Length == 0 ? name.Length == 0
            : pattern[0] == '*' ? Enumerable.Range(0, name.Length + 1).Any(i => Plain(pattern[1..], name[i..]))
            : name.Length > 0 && (pattern[0] == '?' || pattern[0] == name[0]) && Plain(pattern[1..], name[1..]);
        var letters = CsCheck.Gen.Char["ab*?"];
        CsCheck.Check.Sample(
            CsCheck.Gen.Select(CsCheck.Gen.String[letters, 1, 7], CsCheck.Gen.String[CsCheck.Gen.Char["ab"], 1, 8]),
            (pattern, name) => pattern.Replace("*", "", StringComparison.Ordinal).Length == 0
                || NameMatcher.Parse(pattern, out _)!.Matches(Encoding.UTF8.GetBytes(name)) == Plain(pattern, name));
    }
}
