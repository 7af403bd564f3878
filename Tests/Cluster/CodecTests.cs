using System.Text;
using ActorRaid.Cluster;
using ActorRaid.Reporting;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>A host's entry as bytes.</summary>
public sealed class CodecTests
{
    /// <summary>What is small stays JSON, what is not is compressed, and both come back as they were.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(8, true)]
    [InlineData(200, true)]
    public void Comes_back(int arrays, bool isCompressed)
    {
        var entry = Samples.Entry(Samples.Host("web1", arrays));
        var bytes = EntryCodec.Encode(entry);
        Assert.Equal(isCompressed, bytes[0] == 0x1f);
        var back = EntryCodec.Decode(bytes, "web1");
        Assert.True(Publishing.Same(entry, back));
        Assert.Null(back.Cut);
    }

    /// <summary>Whatever the limit, what is cut leaves the summary and the health, and says that it was cut.</summary>
    [Fact]
    public void Is_cut_to_the_limit()
    {
        var property = Prop.ForAll(Gen.Zip(Gen.Choose(0, 300), Gen.Choose(400, 20000)).ToArbitrary(), pair =>
        {
            var status = Samples.Host("web1", pair.Item1, Health.Degraded);
            var bytes = EntryCodec.Encode(Samples.Entry(status), pair.Item2);
            var back = EntryCodec.Decode(bytes, "web1");
            Assert.Equal(status.Health, back.Status!.Health);
            Assert.Equal(status.Summary, back.Status.Summary);
            Assert.True(bytes.Length <= pair.Item2 || back.Status.Containers.IsEmpty);
            Assert.Equal(back.Cut is null, Publishing.Same(back, Samples.Entry(status)));
            // Whoever is not well is left out last.
            if (back.Cut is not null && !back.Status.Containers.IsEmpty)
                Assert.Contains(back.Status.Containers, container => container.Health == Health.Degraded);
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property);
    }

    /// <summary>Bytes that are no entry are refused in words; nothing else is thrown, and nothing half read is passed on.</summary>
    [Fact]
    public void Damaged_bytes_are_refused()
    {
        var plain = EntryCodec.Encode(Samples.Entry(Samples.Host("web1", 1)));
        var packed = EntryCodec.Encode(Samples.Entry(Samples.Host("web1", 20)));
        var property = Prop.ForAll(Gen.Zip(Gen.Elements(plain, packed), Gen.ArrayOf(Gen.Choose(0, 1 << 30), 4)).ToArbitrary(), pair =>
        {
            var bytes = pair.Item1.ToArray();
            foreach (var number in pair.Item2.Skip(1))
                bytes[number % bytes.Length] = (byte)(number >> 16);
            bytes = bytes[..(pair.Item2[0] % 2 == 0 ? bytes.Length : pair.Item2[0] % bytes.Length)];
            try
            {
                var entry = EntryCodec.Decode(bytes, "web1");
                // Not refused: then it can be used.
                _ = EntryCodec.Encode(entry);
                _ = ClusterView.Of(new ClusterImage(1, ClusterImage.Empty.Hosts.Add("web1", new HostKeys(true, entry))));
            }
            catch (FormatException e)
            {
                Assert.NotEmpty(e.Message);
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), property);
    }

    /// <summary>What leaves out what the records cannot do without is refused.</summary>
    [Theory]
    [InlineData("null", "null")]
    [InlineData("[]", "cannot be read")]
    [InlineData("""{"version":1,"host":"db7","at":"2026-05-01T12:00:00Z"}""", "\"db7\"")]
    [InlineData("""{"version":9,"host":"web1","at":"2026-05-01T12:00:00Z"}""", "version 9")]
    [InlineData("""{"version":1,"host":"web1","status":{"version":1,"host":"web1","program":"x","summary":"fine","health":"ok"}}""", "containers")]
    [InlineData("""{"version":1,"host":"web1","status":{"version":1,"host":"web1","program":"x","summary":"fine","health":77,"containers":[]}}""", "health")]
    [InlineData("""{"version":1,"host":"web1","status":{"version":1,"host":"web1","program":"x","summary":"fine","health":"ok","containers":[null]}}""", "containers")]
    public void Incomplete_entries_are_refused(string json, string said)
    {
        var refusal = Assert.Throws<FormatException>(() => EntryCodec.Decode(Encoding.UTF8.GetBytes(json), "web1"));
        Assert.Contains(said, refusal.Message);
    }

    /// <summary>A few kilobytes that unpack to more than anybody would say are not unpacked to the end.</summary>
    [Fact]
    public void A_bomb_is_refused()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal))
        {
            for (var piece = 0; piece < 64; piece++)
                gzip.Write(new byte[1 << 20]);
        }
        Assert.Contains("16 MiB", Assert.Throws<FormatException>(() => EntryCodec.Decode(packed.ToArray(), "web1")).Message);
    }

    /// <summary>Keys are read as they are written, and none is another's.</summary>
    [Fact]
    public void Keys_come_back()
    {
        var keys = new ClusterKeys();
        Assert.Equal((KeyKind.Last, "web1", 0), keys.Parse(keys.Last("web1")));
        Assert.Equal((KeyKind.Live, "web1", 0), keys.Parse(keys.Live("web1")));
        Assert.Equal((KeyKind.Events, "web1", 12), keys.Parse(keys.Event("web1", 12)));
        Assert.True(keys.States.First.AsSpan().SequenceCompareTo(keys.Last("a")) < 0 && keys.States.End.AsSpan().SequenceCompareTo(keys.Live("zz")) > 0);
        Assert.True(keys.EventsOf("web1").End.AsSpan().SequenceCompareTo(keys.Event("web1", long.MaxValue)) > 0);
        Assert.True(keys.EventsOf("web1").End.AsSpan().SequenceCompareTo(keys.Event("web10", 0)) > 0 == keys.EventsOf("web1").First.AsSpan().SequenceCompareTo(keys.Event("web10", 0)) > 0);
        foreach (var bad in (string[])["", "a/b", "../x", ".a", "a b", "ä", "a\n", new string('a', 254)])
        {
            Assert.False(ClusterKeys.IsHost(bad), bad);
            Assert.Throws<ArgumentException>(() => keys.Last(bad));
        }
        foreach (var bad in (string[])["", "/", "a/", "/a", "/a//", "/ä/"])
            Assert.Throws<ArgumentException>(() => new ClusterKeys(bad));
    }
}
