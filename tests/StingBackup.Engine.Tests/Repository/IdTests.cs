using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Ids are compared by their bytes, the first one first, whichever byte it is that differs.</summary>
public sealed class IdTests
{
    [Fact]
    public void Ids_of_sixteen_bytes_compare_by_each_of_them()
    {
        var bytes = Enumerable.Repeat((byte)0x7f, Id16.Size).ToArray();
        var id = new Id16(bytes);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = 0x80;
            var more = new Id16(bytes);
            Assert.True(id < more && id <= more && more > id && more >= id && id != more && !(id == more) && !(more < id) && !(more <= id) && !(id > more) && !(id >= more));
            Assert.False(id.Equals(more) || id.Equals((object)more));
            Assert.Equal((-1, 1), (id.CompareTo(more), more.CompareTo(id)));
            bytes[i] = 0x7f;
        }
        var same = new Id16(bytes);
        Assert.True(id == same && id.Equals((object)same) && id <= same && id >= same && !(id < same) && !(id > same) && !(id != same) && id.GetHashCode() == same.GetHashCode());
        Assert.False(id.Equals("text"));
        Assert.Equal((0, "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f"), (id.CompareTo(same), id.ToString()));
    }

    [Fact]
    public void Ids_of_32_bytes_compare_by_each_of_them()
    {
        var bytes = Enumerable.Repeat((byte)0x7f, Id32.Size).ToArray();
        var id = new Id32(bytes);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = 0x80;
            var more = new Id32(bytes);
            Assert.True(id < more && id <= more && more > id && more >= id && id != more && !(id == more) && !(more < id) && !(more <= id) && !(id > more) && !(id >= more));
            Assert.False(id.Equals(more) || id.Equals((object)more));
            Assert.Equal((-1, 1), (id.CompareTo(more), more.CompareTo(id)));
            bytes[i] = 0x7f;
        }
        var same = new Id32(bytes);
        Assert.True(id == same && id.Equals((object)same) && id <= same && id >= same && !(id < same) && !(id > same) && !(id != same) && id.GetHashCode() == same.GetHashCode());
        Assert.False(id.Equals("text"));
        Assert.Equal((0, 0x7f7f7f7f7f7f7f7ful), (id.CompareTo(same), id.Prefix));
    }

    [Fact]
    public void Only_zero_is_zero()
    {
        Assert.True(default(Id16).IsZero && default(Id32).IsZero);
        for (var i = 0; i < Id32.Size; i++)
        {
            var bytes = new byte[Id32.Size];
            bytes[i] = 1;
            Assert.False(new Id32(bytes).IsZero);
            Assert.True(i >= Id16.Size || !new Id16(bytes).IsZero);
        }
    }

    [Fact]
    public void Digits_are_read_and_nothing_else()
    {
        var bytes = SHA256.HashData("x"u8);
        Assert.True(Id32.TryParse(new Id32(bytes).ToString(), out var read));
        Assert.Equal(bytes, read.ToArray());
        Assert.True(Id16.TryParse(new Id16(bytes).ToString(), out var half));
        Assert.Equal(bytes[..16], half.ToArray());
        var digits = read.ToString();
        Assert.All((string?[])[null, "", digits[1..], digits + "0", digits[1..] + "g"], text => Assert.False(Id32.TryParse(text, out var none) || !none.IsZero));
        Assert.All((string?[])[null, "", digits[..31], digits[..33], digits[..31] + "g"], text => Assert.False(Id16.TryParse(text, out var none) || !none.IsZero));
        using var random = RandomNumberGenerator.Create();
        Assert.NotEqual(Id16.New(random), Id16.New(random));
    }
}
