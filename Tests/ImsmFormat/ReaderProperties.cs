using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.ImsmFormat;

public class ReaderProperties
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Any_model_survives_writing_and_reading(int sectorSize) =>
        Prop.ForAll(Models.Supers(sectorSize / 512).ToArbitrary(), super =>
        {
            var bytes = ImsmWriter.Write(super, sectorSize);
            var result = ImsmReader.Read(bytes, sectorSize);
            Assert.Null(result.Error);
            Assert.Equal(super, result.Super);
            Assert.Equal(bytes, ImsmWriter.Write(result.Super!, sectorSize));
            Assert.Equal(bytes.Length, ImsmWriter.SizeOf(super));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Truncated_at_any_length_it_is_an_error_with_an_offset_inside() =>
        Prop.ForAll(Models.Supers(1).ToArbitrary(), super =>
        {
            var bytes = ImsmWriter.Write(super);
            for (var length = 0; length < bytes.Length; length++)
            {
                var result = ImsmReader.Read(bytes.AsSpan(0, length));
                Assert.Null(result.Super);
                Assert.InRange(result.Error!.Value.Offset, 0, bytes.Length);
                Assert.NotEmpty(result.Error.Value.Reason);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void One_changed_byte_is_noticed_by_the_checksum() =>
        Prop.ForAll(Models.Supers(1).ToArbitrary(), Gen.Choose(0, 1_000_000).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(),
            (super, at, change) =>
        {
            var bytes = ImsmWriter.Write(super);
            bytes[at % (bytes.Length / 4 * 4)] ^= (byte)change;
            Assert.NotNull(ImsmReader.Read(bytes).Error);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Random_bytes_behind_a_signature_are_a_model_or_an_error() =>
        Prop.ForAll(Gen.Choose(0, 255).ListOf(700).ToArbitrary(), bytes =>
        {
            var metadata = bytes.Select(b => (byte)b).ToArray();
            System.Text.Encoding.ASCII.GetBytes("Intel Raid ISM Cfg Sig. ", metadata);
            BinaryPrimitives.WriteUInt32LittleEndian(metadata.AsSpan(0x24), 700);
            Mutations.Seal(metadata);
            Check(metadata);
        }).QuickCheckThrowOnFailure();

    /// <summary>ACTORRAID_FUZZ=1 makes it a million.</summary>
    [Fact]
    public void Mutated_metadata_with_a_right_checksum_is_a_model_or_an_error()
    {
        var rounds = Environment.GetEnvironmentVariable("ACTORRAID_FUZZ") == "1" ? 1_000_000 : 20_000;
        var seed = Environment.GetEnvironmentVariable("ACTORRAID_FUZZ_SEED") is { } text ? int.Parse(text) : Random.Shared.Next();
        var random = new Random(seed);
        var originals = Fixtures.All
            .Select(f => ImsmPlacement.Read(f.Disk.Tail.Span, f.Disk.SectorSize))
            .Select(result => ImsmWriter.Write(result.Super!)).ToArray();
        var accepted = 0;
        for (var round = 0; round < rounds; round++)
        {
            var bytes = originals[random.Next(originals.Length)].ToArray();
            var changes = random.Next(1, 6);
            for (var i = 0; i < changes; i++)
                Mutations.Mutate(ref bytes, random);
            if (random.Next(8) != 0)
                Mutations.Seal(bytes);
            try
            {
                accepted += Check(bytes) ? 1 : 0;
            }
            catch (Exception problem)
            {
                Assert.Fail($"ACTORRAID_FUZZ_SEED={seed}, round {round}: {problem}");
            }
        }

        Assert.InRange(accepted, rounds / 100, rounds - (rounds / 100));
    }

    /// <summary>Reads; whatever is a model can be described and written, and reads as the same model again.</summary>
    private static bool Check(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = ImsmReader.Read(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, 65_536 + (16L * bytes.Length));
        if (result.Super is not { } super)
        {
            Assert.InRange(result.Error!.Value.Offset, 0, Math.Max(bytes.Length, ImsmReader.MaxSize));
            return false;
        }

        Assert.Null(result.Error);
        foreach (var dev in super.Devs)
        {
            dev.SectorsPerUnit(null);
            dev.ComponentSectors(512);
            dev.ComponentSectors(4096);
        }

        Assert.Equal(super, ImsmReader.Read(ImsmWriter.Write(super)).Super! with { Attributes = super.Attributes });
        return true;
    }
}
