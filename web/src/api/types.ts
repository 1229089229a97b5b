/** What are the answers of the service called here? The shapes come from the generated client. */
import type { components } from './schema'

type Schemas = components['schemas']

export type DistrictItem = Schemas['DistrictItem']
export type DistrictDetail = Schemas['DistrictDetail']
export type Division = Schemas['Division']
export type DivisionTotals = Schemas['DivisionTotals']
export type GridRow = Schemas['GridRow']
export type Figure = Schemas['Figure']
export type FigureValues = Schemas['FigureValues']
export type FigureClass = Schemas['FigureClass']
export type Style = Schemas['Style']
export type HeatMap = Schemas['HeatMap']
export type Card = Schemas['Card']
export type Fact = Schemas['Fact']
export type KeyFigure = Schemas['KeyFigure']
export type Answer = Schemas['Answer']
export type SearchHit = Schemas['SearchHit']
export type Problem = Schemas['Problem']
export type Words = Schemas['Words']
